//! A Chromium without a window, and what a person does with it.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::web_driver::WebDriver;

/// What stands for an element in WebDriver's JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with a profile of its own. Dropping it ends it.
pub(crate) struct Browser {
    driver: WebDriver,
    session: String,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let driver = WebDriver::start();
        let profile = format!("--user-data-dir={}", driver.folder.path().display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1200,1000",
            &profile,
        ];
        let asked = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            // A page that is on its way is waited for.
            "timeouts": { "implicit": 10_000 },
        } } });
        let session = driver.ask("POST", "/session", &asked);
        Self {
            session: format!("/session/{}", session["sessionId"].as_str().unwrap()),
            driver,
        }
    }

    fn ask(&self, method: &str, what: &str, body: &Value) -> Value {
        let path = format!("{}{what}", self.session);
        self.driver.ask(method, &path, body)
    }

    pub(crate) fn open(&self, url: &str) {
        self.ask("POST", "/url", &json!({ "url": url }));
    }

    pub(crate) fn url(&self) -> String {
        let url = self.ask("GET", "/url", &Value::Null);
        url.as_str().unwrap().to_owned()
    }

    fn find(&self, css: &str) -> String {
        let asked = json!({ "using": "css selector", "value": css });
        let element = self.ask("POST", "/element", &asked);
        format!("/element/{}", element[ELEMENT].as_str().unwrap())
    }

    /// What is to be read there.
    pub(crate) fn text(&self, css: &str) -> String {
        let text = self.ask("GET", &format!("{}/text", self.find(css)), &Value::Null);
        text.as_str().unwrap().to_owned()
    }

    /// What is to be read in all such places, of a page that is there.
    pub(crate) fn texts(&self, css: &str) -> Vec<String> {
        let script = "return Array.from(document.querySelectorAll(arguments[0]), e => e.innerText)";
        let texts = self.run(script, &[css.into()]);
        let texts = texts.as_array().unwrap().iter();
        texts
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn click(&self, css: &str) {
        self.ask("POST", &format!("{}/click", self.find(css)), &json!({}));
    }

    /// A click that leads to another page, which is there afterwards.
    pub(crate) fn follow(&self, css: &str) {
        self.run("window.isOfBefore = true", &[]);
        self.click(css);
        let is_there = "return !window.isOfBefore && document.readyState === 'complete'";
        for _ in 0..1000 {
            // There may be no page at all in between.
            let asked = json!({ "script": is_there, "args": [] });
            let path = format!("{}/execute/sync", self.session);
            if self.driver.try_ask("POST", &path, &asked) == Ok(Value::Bool(true)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("a click on {css} leads to no other page");
    }

    pub(crate) fn write(&self, css: &str, text: &str) {
        let path = format!("{}/value", self.find(css));
        self.ask("POST", &path, &json!({ "text": text }));
    }

    /// What a script returns; a promise is waited for.
    pub(crate) fn run(&self, script: &str, arguments: &[Value]) -> Value {
        let asked = json!({ "script": script, "args": arguments });
        self.ask("POST", "/execute/sync", &asked)
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let path = format!("{}/cookie/{name}", self.session);
        let cookie = self.driver.try_ask("GET", &path, &Value::Null).ok()?;
        Some(cookie["value"].as_str().unwrap().to_owned())
    }

    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        let asked = json!({ "cookie": { "name": name, "value": value } });
        self.ask("POST", "/cookie", &asked);
    }

    /// A window of this many pixels.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let asked = json!({ "width": width, "height": height });
        self.ask("POST", "/window/rect", &asked);
    }

    /// Keeps a picture of the page, for people to look at, and says where.
    pub(crate) fn screenshot(&self, name: &str) -> PathBuf {
        let picture = self.ask("GET", "/screenshot", &Value::Null);
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
        fs::write(&path, from_base64(picture.as_str().unwrap())).unwrap();
        path
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let ended = self.driver.try_ask("DELETE", &self.session, &Value::Null);
        if let (Err(error), false) = (ended, thread::panicking()) {
            panic!("the browser does not end: {error}");
        }
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text
        .bytes()
        .filter_map(|byte| DIGITS.iter().position(|digit| *digit == byte));
    let digits: Vec<usize> = digits.collect();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let bits = (0..4).fold(0, |bits, at| bits << 6 | group.get(at).unwrap_or(&0));
        let three = [bits >> 16, bits >> 8, bits].map(|byte| (byte & 255) as u8);
        bytes.extend(&three[..group.len() - 1]);
    }
    bytes
}
