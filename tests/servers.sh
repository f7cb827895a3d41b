# What the tests talk to, for `run.sh`: installs what is missing, by Debian's package manager, and
# leaves in `absent` what is missing still because `CACHE_TESTS_SKIP=redis,valgrind` allows that.

absent=()

# Not on the path of everybody: the programs of PostgreSQL, and those that only root is to start.
has() {
    PATH="$PATH:/usr/sbin:/sbin:$(echo /usr/lib/postgresql/*/bin | tr ' ' :)" command -v "$1" >/dev/null
}

has_python() {
    python3 -c 'import ensurepip, venv' 2>/dev/null
}

has_npm() {
    has node && has npm
}

may_skip() {
    [[ ",${CACHE_TESTS_SKIP:-}," == *,$1,* ]]
}

is_absent() {
    [[ " ${absent[*]} " == *" $1 "* ]]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The tests start servers of their own, so those of the packages need not start; that they cannot
# shall be no reason to fail.
install() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [ -e "$policy" ]; then
        policy=
    else
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod +x "$policy"
    fi
    as_root apt-get update &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends "$@" || status=$?
    if [ -n "$policy" ]; then as_root rm -f "$policy"; fi
    return "$status"
}

install_servers() {
    local name package check missing=()
    while read -r name package check; do
        if $check; then continue; fi
        if may_skip "$name"; then absent+=("$name"); else missing+=(${package//,/ }); fi
    done <<'TABLE'
redis     redis-server    has redis-server
memcached memcached       has memcached
postgres  postgresql      has initdb
mysql     mariadb-server  has mariadbd
openssl   openssl         has openssl
valgrind  valgrind        has valgrind
python    python3-venv    has_python
chromium  chromium,chromium-driver,fonts-dejavu-core  has chromedriver
http-cache-tests  nodejs,npm  has_npm
TABLE
    if [ "${#missing[@]}" -gt 0 ]; then install "${missing[@]}"; fi
}

# The public suite for HTTP caches, by npm: it is run as it is.
install_http_cache_tests() {
    local folder=target/tests/http-cache-tests version=0.4.5
    if is_absent http-cache-tests; then return; fi
    if grep -qs "\"version\": \"$version\"" "$folder/node_modules/http-cache-tests/package.json"; then return; fi
    mkdir -p "$folder"
    npm install --prefix "$folder" --no-save --no-audit --no-fund "http-cache-tests@$version"
}
