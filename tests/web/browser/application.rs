//! The example, running, and people who use it.

use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;

use cache_tests::built_examples::EXAMPLES;
use cache_tests::process::{Folder, Process, free_port};

use crate::browser::Browser;

/// The example on a port of its own. Dropping it ends it.
pub(crate) struct Application {
    _process: Process,
    _folder: Folder,
    pub(crate) url: String,
}

impl Application {
    /// With this `CACHE_URL`, or without one.
    pub(crate) fn start(cache_url: Option<&str>) -> Self {
        for _ in 0..5 {
            let (port, folder) = (free_port(), Folder::new("tasks-web"));
            let mut command = Self::command();
            command.env("PORT", port.to_string());
            if let Some(url) = cache_url {
                command.env("CACHE_URL", url);
            }
            let mut process = Process::spawn(&mut command, folder.path(), "cargo build --examples");
            if process.wait_until(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()) {
                return Self {
                    _process: process,
                    _folder: folder,
                    url: format!("http://127.0.0.1:{port}"),
                };
            }
        }
        panic!("the example does not start");
    }

    /// The program, without what this process's environment says of caches.
    pub(crate) fn command() -> Command {
        let mut command = Command::new(&EXAMPLES["tasks_web"]);
        for variable in ["CACHE_URL", "CACHE_URL_SESSIONS", "DATABASE", "PORT"] {
            command.env_remove(variable);
        }
        command
    }

    /// Fills in the form of the login.
    pub(crate) fn log_in(&self, browser: &Browser, name: &str) {
        browser.open(&format!("{}/login", self.url));
        browser.write("[name=name]", name);
        browser.write("[name=password]", &format!("{name}-1234"));
        browser.follow("button");
    }

    /// A browser in which this person is logged in.
    pub(crate) fn browser_of(&self, name: &str) -> Browser {
        let browser = Browser::start();
        self.log_in(&browser, name);
        browser
    }

    pub(crate) fn open(&self, browser: &Browser) {
        browser.open(&format!("{}/", self.url));
    }
}
