//! Mail servers that speak TLS, or should: a link that opens something is said to nobody else.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::*;

/// Somebody who signs certificates, and what they signed.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// The files of a key and its certificate, for this host.
    fn issue(&self, folder: &Path, host: &str) -> [String; 2] {
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        self.sign(folder, params)
    }

    fn sign(&self, folder: &Path, params: CertificateParams) -> [String; 2] {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let file = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        [
            file("mail.key", key.serialize_pem()),
            file("mail.pem", certificate.pem()),
        ]
    }

    fn file(&self, folder: &Path) -> String {
        let path = folder.join("authority.pem");
        std::fs::write(&path, self.0.pem()).unwrap();
        path.display().to_string()
    }
}

struct Scene {
    meshline: Installation,
    server: MailServer,
}

/// A mail server in this mode with that certificate, and an installation that trusts the authority.
async fn scene(
    mode: &str,
    scheme: &str,
    certificate: impl FnOnce(&Path, &Authority) -> [String; 2],
) -> Option<Scene> {
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    let authority = Authority::new("Ours");
    let [key, pem] = certificate(&meshline.folder, &authority);
    let server = MailServer::start_as(&meshline.folder, &[mode, &key, &pem])?;
    let url = format!("{scheme}://meshline:hush%20mail@localhost:{}", server.port);
    meshline.set("MESHLINE_SMTP_URL", &url);
    meshline.set("MESHLINE_SMTP_CA_FILE", &authority.file(&meshline.folder));
    eventually("the mail server", async || {
        std::net::TcpStream::connect(("127.0.0.1", server.port)).ok()
    })
    .await;
    Some(Scene { meshline, server })
}

fn doctor(meshline: &Installation) -> String {
    let said = meshline.command(&["doctor"]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(!said.contains("hush"), "{said}");
    let mail = said
        .lines()
        .find(|line| line.split_whitespace().nth(1) == Some("mail"));
    mail.unwrap_or_else(|| panic!("{said}")).to_owned()
}

async fn a_mail_goes(mode: &str, scheme: &str) {
    let localhost = |folder: &Path, authority: &Authority| authority.issue(folder, "localhost");
    let Some(mut scene) = scene(mode, scheme, localhost).await else {
        return;
    };
    let said = doctor(&scene.meshline);
    assert!(
        said.starts_with("ok") && said.contains("takes mail"),
        "{said}"
    );
    scene.meshline.serve().await;
    let boss = scene.meshline.user_with("revenue_ops");
    let mut boss = Browser::signed_in(&scene.meshline, boss).await;
    invite(&mut boss, &scene.meshline, "nils@example.com").await;
    let mail = scene.server.one_to("nils@example.com").await;
    assert_eq!(mail["secure"], true, "the server got it encrypted");
    link(&mail, &scene.meshline);
    scene.meshline.end().await;
}

/// Neither the doctor nor a mail gets through, both say why, and the mail waits.
async fn no_mail_goes(mut scene: Scene, why: &str) {
    let said = doctor(&scene.meshline);
    assert!(said.starts_with("BROKEN") && said.contains(why), "{said}");
    scene.meshline.serve().await;
    let boss = scene.meshline.user_with("revenue_ops");
    let mut boss = Browser::signed_in(&scene.meshline, boss).await;
    let home = invite(&mut boss, &scene.meshline, "nils@example.com").await;
    page_says(&mut boss, &home, why).await;
    page_says(&mut boss, &home, "The mail is tried again").await;
    assert!(scene.server.all().is_empty());
    scene.meshline.end().await;
}

#[tokio::test]
async fn a_mail_goes_after_starttls() {
    a_mail_goes("starttls", "smtp").await;
}

#[tokio::test]
async fn a_mail_goes_where_everything_is_encrypted() {
    a_mail_goes("wrapped", "smtps").await;
}

#[tokio::test]
async fn nothing_is_said_to_a_server_without_starttls() {
    let unused = |folder: &Path, authority: &Authority| authority.issue(folder, "localhost");
    if let Some(scene) = scene("plain", "smtp", unused).await {
        no_mail_goes(scene, "STARTTLS is not supported on this server").await;
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_known_signed_is_refused() {
    let foreign =
        |folder: &Path, _: &Authority| Authority::new("Theirs").issue(folder, "localhost");
    if let Some(scene) = scene("starttls", "smtp", foreign).await {
        no_mail_goes(scene, "nobody who counts here signed its certificate").await;
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let other = |folder: &Path, authority: &Authority| authority.issue(folder, "mail.example");
    if let Some(scene) = scene("wrapped", "smtps", other).await {
        no_mail_goes(scene, "its certificate is for another host").await;
    }
}

#[tokio::test]
async fn a_certificate_of_yesterday_is_refused() {
    let old = |folder: &Path, authority: &Authority| {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2024, 1, 1);
        params.not_after = rcgen::date_time_ymd(2024, 2, 1);
        authority.sign(folder, params)
    };
    if let Some(scene) = scene("starttls", "smtp", old).await {
        no_mail_goes(scene, "its certificate has expired").await;
    }
}
