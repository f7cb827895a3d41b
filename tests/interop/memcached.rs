//! On Memcached, with Django's pymemcache backend and a serde that writes JSON: Django's own there
//! writes pickles alone.

use std::net::TcpStream;
use std::process::Command;

use cache_tests::process::{Folder, Process, as_nobody, free_port};
use serde_json::json;

use crate::world::{World, behaviours};

const INSTALL: &str = "apt-get install -y memcached`, or set `CACHE_TESTS_SKIP=memcached";

fn start() -> World {
    let folder = Folder::new("interop");
    let (port, process) = std::iter::repeat_with(|| launch(&folder))
        .take(5)
        .flatten()
        .next()
        .unwrap();
    let location = format!("127.0.0.1:{port}");
    let url = format!("memcached://{location}/");
    World::new((process, folder), url, |compresses| {
        let serde = if compresses { "json+zlib" } else { "json" };
        json!({
            "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
            "LOCATION": location,
            "OPTIONS": { "serde": serde },
        })
    })
}

fn launch(folder: &Folder) -> Option<(u16, Process)> {
    let port = free_port();
    let mut command: Command = as_nobody("memcached", folder.path());
    command.args(["-l", "127.0.0.1", "-U", "0", "-p", &port.to_string()]);
    let mut process = Process::spawn(&mut command, folder.path(), INSTALL);
    let is_up = process.wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    is_up.then_some((port, process))
}

// Those that are not here ask what Memcached cannot say: how long an entry lives, which keys there
// are; and Django's `clear` empties the server.
behaviours! {
    start:
    values::python_writes_and_rust_reads,
    values::rust_writes_and_python_reads,
    values::who_compresses_does_not_matter,
    values::typed_values_come_over,
    values::integers_have_no_largest,
    values::what_json_cannot_say,
    values::many_at_once,
    functions::python_computes_and_rust_hits,
    functions::rust_computes_and_python_hits,
    functions::what_rust_deletes_python_computes_again,
    functions::what_python_deletes_rust_computes_again,
    functions::keyword_arguments_are_an_entry_of_their_own,
    functions::async_functions_share_as_well,
    functions::none_is_a_miss_for_the_guides_decorator,
    functions::errors_are_not_shared,
    functions::every_type_of_argument_names_the_same_entry,
    names::prefix_and_version_are_those_of_the_settings,
    names::an_entry_moves_to_another_version,
    names::a_functions_version_is_djangos,
    lives::both_see_an_entry_end,
    numbers::nothing_is_lost_when_both_count,
    numbers::a_number_is_one_for_both,
}
