//! A real browser: Chromium without a window, driven by `chromedriver` as WebDriver says. One at
//! a time.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

/// How long anything may take until it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// Under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

const MISSING: &str = "chromedriver is missing: install chromium and chromium-driver";

static TURN: Mutex<()> = Mutex::const_new(());

/// Ends with everything that it started.
struct Driver(Child);

pub(crate) struct Browser {
    _driver: Driver,
    http: reqwest::Client,
    /// Of the session, at the driver.
    session: String,
    /// Of the service.
    site: String,
    _profile: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    /// Opens a browser for the service at this address.
    pub(crate) async fn open(site: &str) -> Self {
        let turn = TURN.lock().await;
        let profile = TempDir::new().unwrap();
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect(MISSING);
        let mut driver = Driver(driver);
        let port = port_of(&mut driver.0);
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1280,1000",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        }}});
        // Another may have chosen it before us; it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let driver_address = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self {
            _driver: driver,
            http,
            session: driver_address,
            site: site.to_owned(),
            _profile: profile,
            _turn: turn,
        };
        let begun = browser.post("", wanted).await;
        let id = begun["sessionId"].as_str().unwrap();
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    /// Types an address.
    pub(crate) async fn go(&self, path: &str) {
        self.post("/url", json!({ "url": format!("{}{path}", self.site) })).await;
    }

    pub(crate) async fn sign_in(&self, token: &str) {
        self.go("/console/sign-in").await;
        self.fill("Token", token).await;
        self.click("Sign in with the token").await;
        self.see("Sign out").await;
    }

    /// Clicks the button, link or summary with this text.
    pub(crate) async fn click(&self, text: &str) {
        let tests = ["button", "a", "summary"]
            .map(|tag| format!("//{tag}[normalize-space()={}]", quoted(text)));
        let element = self.element(&tests.join(" | "), text).await;
        self.post(&format!("/element/{element}/click"), json!({})).await;
    }

    /// Sends the form that has this button, and waits for the page that answers: what is looked for
    /// next may stand on this one too.
    pub(crate) async fn submit(&self, button: &str) {
        let element = self.button(button).await;
        self.run("document.querySelector('main').dataset.left = 'yes'").await;
        self.post(&format!("/element/{element}/click"), json!({})).await;
        let answered = "const main = document.querySelector('main');
            return main !== null && !main.dataset.left && document.readyState === 'complete'";
        let since = Instant::now();
        while self.run(answered).await != true {
            assert!(since.elapsed() < PATIENCE, "{button:?} led nowhere:\n{}", self.text().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Presses this button, whatever comes of it.
    pub(crate) async fn press_button(&self, button: &str) {
        let element = self.button(button).await;
        self.post(&format!("/element/{element}/click"), json!({})).await;
    }

    async fn button(&self, text: &str) -> String {
        self.element(&format!("//button[normalize-space()={}]", quoted(text)), text).await
    }

    /// Writes into the field with this label, in place of what stands there.
    pub(crate) async fn fill(&self, label: &str, value: &str) {
        let element = self.field(label).await;
        self.post(&format!("/element/{element}/clear"), json!({})).await;
        self.post(&format!("/element/{element}/value"), json!({ "text": value })).await;
    }

    /// Looks for something from any page: `/`, the words, Enter.
    pub(crate) async fn find(&self, words: &str) {
        self.press("/").await;
        for letter in words.chars() {
            self.press(&letter.to_string()).await;
        }
        self.press("\u{e007}").await;
    }

    /// Presses a key where the focus is.
    pub(crate) async fn press(&self, key: &str) {
        let strokes =
            json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": strokes }] });
        self.post("/actions", actions).await;
    }

    /// Waits until the page says so.
    pub(crate) async fn see(&self, text: &str) {
        let since = Instant::now();
        loop {
            let shown = self.text().await;
            if shown.contains(text) {
                return;
            }
            assert!(since.elapsed() < PATIENCE, "{text:?} is not on the page:\n{shown}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What can be read on the page.
    pub(crate) async fn text(&self) -> String {
        let text = self.run("return document.body ? document.body.innerText : ''").await;
        let text = text.as_str().unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Path and query of the page that is shown.
    pub(crate) async fn address(&self) -> String {
        let url = self.get("/url").await;
        url.as_str().unwrap().trim_start_matches(&self.site).to_owned()
    }

    /// Runs a script on the page, whatever its policy says.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// Holds the page against what every page must hold: in light, in dark, and on a phone.
    pub(crate) async fn page_is_sound(&self) {
        const SOUND: &str = include_str!("sound.js");
        let address = self.address().await;
        for (scheme, phone) in [("light", false), ("dark", false), ("dark", true), ("light", true)]
        {
            self.look(scheme, phone).await;
            let faults = self.run(SOUND).await;
            assert_eq!(faults, json!([]), "{address} in {scheme}, on a phone: {phone}");
        }
        self.look("light", false).await;
        // What a page's policy forbade, and whatever else a browser finds wrong.
        let log = self.post("/se/log", json!({ "type": "browser" })).await;
        let log: Vec<&Value> = log.as_array().unwrap().iter().filter(|line| ours(line)).collect();
        assert!(log.is_empty(), "{address}: {log:#?}");
    }

    /// Light or dark, on a wide window or on a phone.
    pub(crate) async fn look(&self, scheme: &str, phone: bool) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.chrome("Emulation.setEmulatedMedia", json!({ "features": features })).await;
        let (width, height) = if phone { (390, 844) } else { (1280, 1000) };
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1,
            "mobile": phone });
        self.chrome("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// As behind a proxy that adds this header to everything.
    pub(crate) async fn behind_a_proxy(&self, header: &str, value: &str) {
        self.chrome("Network.enable", json!({})).await;
        self.chrome("Network.setExtraHTTPHeaders", json!({ "headers": { header: value } })).await;
    }

    /// As a browser whose owner wants no scripts.
    pub(crate) async fn without_scripts(&self) {
        self.chrome("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// The whole page as a picture.
    pub(crate) async fn picture(&self, file: &Path) {
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let shot = self.chrome("Page.captureScreenshot", whole).await;
        let bytes = BASE64.decode(shot["data"].as_str().unwrap().as_bytes()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    async fn chrome(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    async fn field(&self, label: &str) -> String {
        let text = quoted(label);
        let of_label = format!(
            "//*[@id=//label[normalize-space()={text}]/@for] | //label[normalize-space(text())={text}]\
             //*[self::input or self::select or self::textarea]"
        );
        self.element(&of_label, label).await
    }

    /// The first visible element, as soon as there is one.
    async fn element(&self, path: &str, what: &str) -> String {
        let since = Instant::now();
        loop {
            let found = self.post("/elements", json!({ "using": "xpath", "value": path })).await;
            for element in found.as_array().unwrap() {
                let id = element[ELEMENT].as_str().unwrap();
                if self.get(&format!("/element/{id}/displayed")).await == true {
                    return id.to_owned();
                }
            }
            let shown = self.text().await;
            assert!(since.elapsed() < PATIENCE, "there is no {what:?} on the page:\n{shown}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn get(&self, path: &str) -> Value {
        self.told(self.http.get(format!("{}{path}", self.session)), path).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let asked = self.http.post(format!("{}{path}", self.session)).body(body.to_string());
        self.told(asked, path).await
    }

    async fn told(&self, asked: reqwest::RequestBuilder, what: &str) -> Value {
        let answer = asked.timeout(PATIENCE).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let told: Value = serde_json::from_str(&text).unwrap();
        let error = &told["value"]["error"];
        // An element that was just replaced by the next page is gone, and displayed nowhere.
        if error == "stale element reference" || error == "no such element" {
            return Value::Null;
        }
        assert!(error.is_null(), "{what}: {told:#}");
        told["value"].clone()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The driver and the browsers that it started are one group.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}

/// Where the driver says that it listens.
fn port_of(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("was started successfully on port"));
    let line = line.expect("chromedriver does not start");
    line.rsplit(' ').next().unwrap().trim_end_matches('.').parse().unwrap()
}

/// A text in an XPath expression.
fn quoted(text: &str) -> String {
    match text.contains('\'') {
        true => format!("\"{text}\""),
        false => format!("'{text}'"),
    }
}

/// A fault, and not what a browser recommends, nor an answer that was meant to refuse.
fn ours(line: &Value) -> bool {
    let message = line["message"].as_str().unwrap_or_default();
    let refused = message.contains("the server responded with a status of 4");
    matches!(line["level"].as_str(), Some("SEVERE" | "WARNING")) && !refused
}
