//! A small WebDriver client: chromedriver is started, told what a person would do in
//! Chromium, and asked what they would then see.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{PATIENCE, wait_for};

/// The key under which the protocol hands out an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A Chromium of its own, ended with the test.
pub(crate) struct Browser {
    driver: Child,
    address: String,
    session: String,
}

impl Browser {
    /// Starts Chromium with an empty profile in `folder`. Nothing, with a line that says
    /// so, where it is not installed; a failure there when nothing may be skipped.
    pub(crate) fn start(folder: &Path, runs_scripts: bool) -> Option<Self> {
        if let Some(missing) = ["chromium", "chromedriver"]
            .into_iter()
            .find(|name| !is_installed(name))
        {
            let line =
                format!("skipped: {missing} is not installed (Debian: chromium, chromium-driver)");
            assert!(
                std::env::var("HEARKEN_REQUIRE_ALL").as_deref() != Ok("1"),
                "{line}"
            );
            println!("{line}");
            return None;
        }
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env_remove("http_proxy")
            .env_remove("HTTP_PROXY")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let mut lines = BufReader::new(driver.stdout.take().expect("stdout is piped")).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, port) = line.split_once("successfully on port ")?;
                port.trim_end_matches('.').parse::<u16>().ok()
            })
            .expect("chromedriver says its port");
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));

        let profile = folder.join("chromium");
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
            "--window-size=1280,1400",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let allowed = if runs_scripts { 1 } else { 2 };
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {
                "args": arguments,
                "prefs": {"profile.managed_default_content_settings.javascript": allowed},
            },
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let mut browser = Self {
            driver,
            address: format!("127.0.0.1:{port}"),
            session: String::new(),
        };
        let session = browser.ask("POST", "/session", Some(&capabilities));
        let id = session.expect("a session")["sessionId"].clone();
        browser.session = id.as_str().expect("a session has an id").to_owned();
        Some(browser)
    }

    /// Goes to an address and waits until it has loaded.
    #[track_caller]
    pub(crate) fn open(&self, address: &str) {
        self.post("url", &json!({"url": address}));
    }

    /// The address of the page.
    #[track_caller]
    pub(crate) fn url(&self) -> String {
        text_of(&self.get("url"))
    }

    /// The title of the page.
    #[track_caller]
    pub(crate) fn title(&self) -> String {
        text_of(&self.get("title"))
    }

    /// What the body of a function returns in the page; `arguments` are its arguments. It
    /// is run from outside, so it works where the page itself may run nothing.
    #[track_caller]
    pub(crate) fn eval(&self, body: &str, arguments: &[&str]) -> Value {
        self.post("execute/sync", &json!({"script": body, "args": arguments}))
    }

    /// The visible text of the first element that fits, or nothing.
    #[track_caller]
    pub(crate) fn text(&self, selector: &str) -> String {
        text_of(&self.eval(
            "return document.querySelector(arguments[0])?.innerText ?? ''",
            &[selector],
        ))
    }

    /// Whether an element fits.
    #[track_caller]
    pub(crate) fn has(&self, selector: &str) -> bool {
        self.eval(
            "return document.querySelector(arguments[0]) !== null",
            &[selector],
        ) == true
    }

    /// Clicks with the mouse on the first element that fits, as soon as there is one.
    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        let wanted = json!({"using": "css selector", "value": selector});
        wait_for(selector, || {
            let element = self.try_post("element", &wanted).ok()?;
            let id = text_of(&element[ELEMENT]);
            match self.try_post(&format!("element/{id}/click"), &json!({})) {
                // The page put a fresh card in the place of the one that was found.
                Err(error) if error.contains("stale element") => None,
                Err(error) => panic!("a click on {selector}: {error}"),
                Ok(_) => Some(()),
            }
        });
    }

    /// Makes the page this large.
    #[track_caller]
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": true});
        let command = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": size});
        self.post("goog/cdp/execute", &command);
    }

    /// What Chromium complained about since this was last asked.
    #[track_caller]
    pub(crate) fn complaints(&self) -> Vec<String> {
        let entries = self.post("se/log", &json!({"type": "browser"}));
        let entries = entries.as_array().expect("a list of entries");
        entries
            .iter()
            .filter(|entry| entry["level"] != "DEBUG" && entry["level"] != "INFO")
            .map(|entry| text_of(&entry["message"]))
            .collect()
    }

    #[track_caller]
    fn get(&self, what: &str) -> Value {
        let path = format!("/session/{}/{what}", self.session);
        self.ask("GET", &path, None)
            .unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    #[track_caller]
    fn post(&self, what: &str, body: &Value) -> Value {
        self.try_post(what, body)
            .unwrap_or_else(|error| panic!("{what} {body}: {error}"))
    }

    fn try_post(&self, what: &str, body: &Value) -> Result<Value, String> {
        let path = format!("/session/{}/{what}", self.session);
        self.ask("POST", &path, Some(body))
    }

    /// One request over a connection of its own: the value, or what went wrong.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let broken = |error: std::io::Error| format!("chromedriver: {error}");
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(&self.address).map_err(broken)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(broken)?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).map_err(broken)?;
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).map_err(broken)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                // The status line has no colon, the empty line ends the head.
                if line.trim_end().is_empty() {
                    break;
                }
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value
                    .trim()
                    .parse()
                    .map_err(|error| format!("{error}: {line}"))?;
            }
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer).map_err(broken)?;
        let mut answer: Value =
            serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        let value = answer["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", value["message"])),
            None => Ok(value),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends Chromium itself; killing the driver alone would leave it running. Already
        // gone is fine.
        if !self.session.is_empty() {
            let _ = self.ask("DELETE", &format!("/session/{}", self.session), None);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

#[track_caller]
fn text_of(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}
