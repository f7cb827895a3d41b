#!/usr/bin/env bash
# What must hold before a release, beside `tests/run.sh`: every crate packs and builds from its package, with
# any two features, and with the oldest versions that it says it can do with; licences and advisories; and no
# public item that was there has gone. Words choose steps: `tests/publish.sh packages features`.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_INCREMENTAL=0
crates=(cache-macros cache-runtime cache-web cache-cli)

# Each crate as others will get it, built from that.
packages() {
    local names=() crate
    for crate in "${crates[@]}"; do names+=(-p "$crate"); done
    cargo package "${names[@]}"
    for crate in "${crates[@]}"; do
        # A package that lacks its licence or its readme is not worth much.
        local list
        list=$(cargo package -p "$crate" --list)
        for file in LICENSE-MIT LICENSE-APACHE README.md; do
            grep -qx "$file" <<<"$list" || { echo "the package of $crate lacks $file" >&2; exit 1; }
        done
    done
}

# None, and any two: what breaks with three breaks with two of them.
features() {
    local all count=0 one other
    for crate in cache-runtime cache-web; do
        all=$(sed -n '/^\[features\]/,/^\[dep/s/^\([a-z][a-z0-9-]*\) = .*/\1/p' "$crate/Cargo.toml" | grep -vx default)
        cargo check -q -p "$crate" --no-default-features
        for one in $all; do
            for other in $all; do
                if [[ "$one" < "$other" ]]; then
                    cargo check -q -p "$crate" --no-default-features --features "$one,$other" ||
                        { echo "$crate does not build with $one and $other" >&2; exit 1; }
                    count=$((count + 1))
                fi
            done
        done
    done
    echo "$count pairs of features build"
}

# In a copy, whose lock file then names the oldest version of each direct dependency that has one.
minimal() {
    local copy
    copy=$(mktemp -d)
    trap 'rm -rf "$copy"' RETURN
    git archive HEAD | tar -x -C "$copy"
    (
        cd "$copy"
        # Others may need a newer one than we do; what they need is what there is.
        sed -n '/^\[workspace.dependencies\]/,/^\[workspace.lints/s/^\([a-z0-9_-]*\) = .*"=\{0,1\}\([0-9][0-9.]*\)".*/\1 \2/p' Cargo.toml |
            while read -r name version; do
                while [ "$(tr -cd . <<<"$version" | wc -c)" -lt 2 ]; do version+=.0; done
                cargo update -q -p "$name" --precise "$version" 2>/dev/null && echo "$name $version" || true
            done
        cargo check -p cache-macros -p cache-runtime -p cache-web -p cache-cli --all-features
    )
}

tool() {
    if ! command -v "$1" >/dev/null; then
        echo "\`$1\` is missing: cargo install --locked $1" >&2
        exit 1
    fi
}

licences() {
    tool cargo-deny
    cargo deny --all-features check bans licenses sources
}

# It asks for the advisories of rustsec.org, so it needs the network.
advisories() {
    tool cargo-deny
    cargo deny --all-features check advisories
}

# Against the release before, once there is one.
semver() {
    local last
    last=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null) || {
        echo "no release yet to compare with"
        return
    }
    tool cargo-semver-checks
    cargo semver-checks -p cache-runtime -p cache-web --baseline-rev "$last"
}

[ $# -gt 0 ] || set -- packages features minimal licences advisories semver
for step; do
    echo "== $step"
    "$step"
done
