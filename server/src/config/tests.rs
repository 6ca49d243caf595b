//! What settings mean, and what is said about those that mean nothing.

use super::*;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn settings(file: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
    let written: Written = toml::from_str(file).unwrap();
    let variable = |name: &str| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Settings::understand(written.under(variable)).map_err(|error| error.to_string())
}

#[test]
fn nothing_set_suits_one_machine() {
    let settings = settings("", &[]).unwrap();
    assert_eq!(settings.addr.to_string(), "127.0.0.1:3000");
    assert_eq!(settings.public_url, "http://127.0.0.1:3000");
    assert_eq!(settings.database.expose(), "sqlite://meshline.db");
    assert!(settings.secret_key.is_none() && settings.is_private() && !settings.is_https());
}

#[test]
fn the_environment_wins_over_the_file_and_empty_is_as_good_as_unset() {
    let file = "addr = '127.0.0.1:4000'\nlog = 'debug'\nlog_format = 'json'";
    let settings = settings(
        file,
        &[
            ("MESHLINE_ADDR", "127.0.0.1:5000"),
            ("MESHLINE_LOG", ""),
            ("DATABASE_URL", " "),
        ],
    )
    .unwrap();
    assert_eq!(settings.public_url, "http://127.0.0.1:5000");
    assert_eq!(settings.log, None);
    assert_eq!(settings.log_format, LogFormat::Json);
}

#[test]
fn where_strangers_connect_a_key_is_demanded_and_the_clock_is_left_alone() {
    let open = ("MESHLINE_ADDR", "0.0.0.0:3000");
    let key = ("MESHLINE_SECRET_KEY", KEY);
    assert!(
        settings("", &[open])
            .unwrap_err()
            .contains("openssl rand -hex 32")
    );
    assert!(settings("", &[open, key]).is_ok());
    let offset = ("MESHLINE_CLOCK_OFFSET_FILE", "offset");
    assert!(settings("", &[offset]).is_ok());
    assert!(
        settings("", &[open, key, offset])
            .unwrap_err()
            .contains("loopback")
    );
}

#[test]
fn what_cannot_be_understood_is_named() {
    let check = |name, value, expected: &str| {
        let error = settings("", &[(name, value)]).unwrap_err();
        assert!(error.contains(name) && error.contains(expected), "{error}");
    };
    check("MESHLINE_ADDR", "localhost", "an IP address and a port");
    check("MESHLINE_PUBLIC_URL", "meshline.example", "not a URL");
    check("MESHLINE_PUBLIC_URL", "ftp://meshline.example", "https://");
    check(
        "MESHLINE_PUBLIC_URL",
        "https://meshline.example/app",
        "root of its host",
    );
    check("MESHLINE_TRUSTED_PROXIES", "proxy.local", "10.0.0.0/8");
    check("MESHLINE_LOG_FORMAT", "xml", "text or json");
    check("MESHLINE_ALLOW_PRIVATE_URLS", "10.0.0.1", "HOST:PORT");
    check("MESHLINE_SMTP_URL", "http://mail.example", "smtps://");
    check("MESHLINE_SMTP_CA_FILE", "/nowhere/ca.pem", "No such file");
    check("MESHLINE_MAIL_FROM", "nobody", "meshline@example.com");
    check("MESHLINE_LIMIT_TOKEN", "-1", "0 is no limit");
    check("MESHLINE_SECRET_KEY", "short", "64 hexadecimal digits");
}

#[test]
fn only_a_machine_of_its_own_calls_its_sandbox_unasked() {
    let sandbox = ("MESHLINE_SANDBOX_ADDR", "127.0.0.1:4100");
    let open = ("MESHLINE_ADDR", "0.0.0.0:3000");
    let key = ("MESHLINE_SECRET_KEY", KEY);
    let allowed = |variables: &[(&str, &str)]| {
        settings("", variables)
            .unwrap()
            .allowed_targets()
            .to_string()
    };
    assert_eq!(allowed(&[sandbox]), "127.0.0.1:4100");
    assert_eq!(allowed(&[sandbox, open, key]), "");
    // a proxy on the same machine lets others in
    let proxied = ("MESHLINE_PUBLIC_URL", "https://meshline.example");
    assert_eq!(allowed(&[sandbox, proxied]), "");
    let said_so = ("MESHLINE_ALLOW_PRIVATE_URLS", "127.0.0.1:4100");
    assert_eq!(allowed(&[sandbox, proxied, said_so]), "127.0.0.1:4100");
    let said = ("MESHLINE_ALLOW_PRIVATE_URLS", "10.0.0.0/8");
    assert_eq!(allowed(&[sandbox, said]), "10.0.0.0/8");
    assert_eq!(allowed(&[sandbox, open, key, said]), "10.0.0.0/8");
}

#[test]
fn a_public_url_loses_its_slash() {
    let url = |value| {
        settings("", &[("MESHLINE_PUBLIC_URL", value)])
            .unwrap()
            .public_url
    };
    assert_eq!(url("https://meshline.example/"), "https://meshline.example");
    assert_eq!(url("http://localhost:8080"), "http://localhost:8080");
}

#[test]
fn secrets_are_never_printed() {
    let secret = "postgres://meshline:hunter2@db.example/meshline?password=hunter2";
    let settings = settings(
        "",
        &[
            ("DATABASE_URL", secret),
            ("MESHLINE_SECRET_KEY", KEY),
            ("MESHLINE_SMTP_URL", "smtp://meshline:hunter2@mail.example"),
        ],
    )
    .unwrap();
    let printed = format!("{settings:?}");
    assert!(
        !printed.contains("hunter2") && !printed.contains("0a0b0c"),
        "{printed}"
    );
    assert!(printed.contains("db.example"));

    let file = std::env::temp_dir().join(format!("meshline-config-{}", std::process::id()));
    std::fs::write(&file, "log = 'info'\nsecret_kee = 'hunter2'\n").unwrap();
    let error = Settings::load(Some(&file)).unwrap_err().to_string();
    std::fs::remove_file(&file).unwrap();
    assert!(
        error.contains("line 2") && error.contains("secret_kee") && !error.contains("hunter2"),
        "{error}"
    );
}
