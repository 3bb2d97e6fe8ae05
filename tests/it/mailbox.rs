//! The mailbox source against a real IMAP server (dovecot), which runs in a folder of the
//! test on a free port of loopback.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::harness::{Place, configuration, wait_for};

/// A running dovecot; it ends with the test.
struct Dovecot {
    master: Child,
    port: u16,
    mail: PathBuf,
    is_root: bool,
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // SIGTERM lets it end its own processes.
        let _ = Command::new("kill")
            .arg(self.master.id().to_string())
            .status();
        let _ = self.master.wait();
    }
}

fn dovecot_program() -> Option<PathBuf> {
    [
        "/usr/sbin/dovecot",
        "/usr/local/sbin/dovecot",
        "/usr/bin/dovecot",
    ]
    .iter()
    .map(PathBuf::from)
    .find(|path| path.exists())
}

fn answer_of(program: &str, argument: &str) -> String {
    let output = Command::new(program)
        .arg(argument)
        .output()
        .expect("it runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn own(folder: &Path) {
    let status = Command::new("chown")
        .args(["-R", "65534:65534"])
        .arg(folder)
        .status();
    assert!(status.expect("chown runs").success());
}

impl Dovecot {
    fn start(program: &Path, folder: &Path) -> Self {
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            listener.local_addr().expect("an address").port()
        };
        let uid = answer_of("id", "-u");
        let is_root = uid == "0";
        // As root it gives its rights away; otherwise it runs as whoever runs the test.
        let (user, group, uid, gid) = if is_root {
            (
                "nobody".to_owned(),
                "nogroup".to_owned(),
                "65534".to_owned(),
                "65534".to_owned(),
            )
        } else {
            (
                answer_of("id", "-un"),
                answer_of("id", "-gn"),
                uid,
                answer_of("id", "-g"),
            )
        };
        for name in ["run", "state", "home", "mail/new", "mail/cur", "mail/tmp"] {
            std::fs::create_dir_all(folder.join(name)).expect("a folder");
        }
        if is_root {
            let open = Command::new("chmod").arg("755").arg(folder).status();
            assert!(open.expect("chmod runs").success());
            own(&folder.join("mail"));
            own(&folder.join("home"));
        }
        let at = folder.display();
        let config = format!(
            "base_dir = {at}/run\nstate_dir = {at}/state\nlog_path = {at}/log\nprotocols = imap\n\
             listen = 127.0.0.1\nssl = no\ndisable_plaintext_auth = no\nmail_location = maildir:{at}/mail\n\
             default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\n\
             first_valid_uid = 0\nfirst_valid_gid = 0\n\
             passdb {{\n  driver = static\n  args = password=geheim\n}}\n\
             userdb {{\n  driver = static\n  args = uid={uid} gid={gid} home={at}/home\n}}\n\
             service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {port}\n  }}\n  \
             inet_listener imaps {{\n    port = 0\n  }}\n}}\n\
             service anvil {{\n  chroot =\n}}\nservice stats {{\n  chroot =\n}}\n"
        );
        let file = folder.join("dovecot.conf");
        std::fs::write(&file, config).expect("a configuration");
        let master = Command::new(program)
            .args(["-F", "-c"])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dovecot starts");
        let server = Self {
            master,
            port,
            mail: folder.join("mail"),
            is_root,
        };
        wait_for("dovecot to listen", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        server
    }

    /// Puts a mail into the folder, as a mail server does.
    fn deliver(&self, name: &str, mail: &str) {
        let file = self.mail.join("tmp").join(name);
        std::fs::write(&file, mail.replace('\n', "\r\n")).expect("a mail");
        if self.is_root {
            own(&file);
        }
        std::fs::rename(&file, self.mail.join("new").join(name)).expect("the mail arrives");
    }

    /// The names of mails, by their flags: `…:2,S` has been read.
    fn read_mails(&self) -> usize {
        std::fs::read_dir(self.mail.join("cur"))
            .expect("a folder")
            .flatten()
            .filter(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                name.split_once(":2,")
                    .is_some_and(|(_, flags)| flags.contains('S'))
            })
            .count()
    }
}

fn mail(id: &str, subject: &str, text: &str) -> String {
    let date = chrono::Utc::now().to_rfc2822();
    format!(
        "From: Jo <jo@shop.example>\nTo: us@acme.example\nSubject: {subject}\nDate: {date}\nMessage-ID: <{id}@shop.example>\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
}

#[test]
fn new_mails_of_a_real_imap_server_become_mentions() {
    let Some(program) = dovecot_program() else {
        let required = std::env::var("HEARKEN_REQUIRE_ALL").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "dovecot is not installed: apt-get install dovecot-imapd"
        );
        eprintln!("skipped: dovecot is not installed (apt-get install dovecot-imapd)");
        return;
    };
    let place = Place::new();
    let folder = tempfile::Builder::new()
        .prefix("hk-imap-")
        .tempdir()
        .expect("a temporary folder");
    let server = Dovecot::start(&program, folder.path());
    server.deliver("1.a.host", &mail("one", "Kettle", "My Acme kettle leaks."));
    server.deliver("2.b.host", &mail("two", "Invoice", "Nothing of interest."));
    place.write("password.txt", "geheim\n");
    let config = |password: &str, more: &str| {
        let mut config = configuration(&[], None);
        config.push_str(&format!(
            "[[source]]\nname = \"alerts\"\ndefinition = \"email\"\nevery = \"30s\"\nparams = {{ host = \"127.0.0.1\", port = {}, security = \"none\", user = \"jo\", password = {{ file = \"{password}\" }}{more} }}\n",
            server.port
        ));
        config
    };
    place.write("hearken.toml", &config("password.txt", ""));
    place.run(&["check"]).ok();

    // A dry run reads and leaves no trace.
    let items = place.json(&["fetch", "alerts", "--dry-run", "--json"]);
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["native_id"], "one@shop.example");
    assert_eq!(items[0]["author"]["handle"], "jo@shop.example");

    let said = place.run(&["fetch", "alerts"]).ok().stderr;
    assert!(said.contains("1 new mention(s)"), "{said}");
    let said = place.run(&["fetch", "alerts"]).ok();
    assert!(said.stderr.contains("nothing changed"), "{}", said.stderr);
    server.deliver(
        "3.c.host",
        &format!(
            "From: Google Alerts <googlealerts-noreply@google.com>\nSubject: Google Alert - Acme\nDate: {}\nMessage-ID: <three@google.com>\nContent-Type: text/html; charset=utf-8\n\n<table><tr><td><a href=\"https://www.google.com/url?rct=j&amp;url=https://news.example/recall&amp;ct=ga\"><span itemprop=\"name\">Acme recalls kettles</span></a><div itemprop=\"description\">They leak.</div></td></tr></table>\n",
            chrono::Utc::now().to_rfc2822()
        ),
    );
    let items = place.json(&["fetch", "alerts", "--json"]);
    assert_eq!(items.len(), 1, "only what is new: {items:?}");
    assert_eq!(items[0]["url"], "https://news.example/recall");
    assert_eq!(place.json(&["mentions", "--json"]).len(), 2);
    assert_eq!(server.read_mails(), 0, "nothing is marked as read");

    // Asked for, they are marked.
    server.deliver(
        "4.d.host",
        &mail("four", "Again", "Acme sent a new kettle."),
    );
    place.write(
        "hearken.toml",
        &config("password.txt", ", mark_seen = \"yes\""),
    );
    assert_eq!(place.json(&["fetch", "alerts", "--json"]).len(), 1);
    assert_eq!(server.read_mails(), 1);

    place.write("wrong.txt", "falsch\n");
    place.write("hearken.toml", &config("wrong.txt", ""));
    let said = place.run(&["fetch", "alerts"]).ends_with(1).stderr;
    assert!(said.contains("refuses user and password"), "{said}");
    assert!(!said.contains("falsch"), "{said}");
}
