//! URLs people and attackers write, and what becomes of each. The table is the judgement; nothing in it
//! was printed by the program.

use connectors::guard::Guard;

/// Whether it may be called, as far as its text tells.
const VECTORS: &[(&str, bool)] = &[
    // plain and fine
    ("https://oms.example.com/exports", true),
    ("https://oms.example.com", true),
    ("HTTPS://OMS.Example.COM/", true),
    ("https://oms.example.com:8443/x?y=z", true),
    ("https://oms.example.com:443/", true),
    ("https://93.184.216.34/", true),
    ("https://8.8.8.8:8443/hook", true),
    ("https://[2606:4700:4700::1111]/", true),
    ("https://[2a00:1450:4001:81b::200e]:8443/", true),
    ("https://xn--bcher-kva.example/", true),
    ("https://bücher.example/", true),
    ("https://a_b.example.com/", true),
    ("https://127.0.0.1.nip.io/", true), // a name: judged when it is looked up
    ("https://localhost.example.com/", true),
    ("https://example.com/@127.0.0.1", true), // a path
    ("https://example.com/?u=http://127.0.0.1/", true),
    ("https://[::ffff:8.8.8.8]/", true),
    ("https://11.0.0.1/", true),
    ("https://172.32.0.1/", true),
    ("https://192.167.255.255/", true),
    // not encrypted, or not HTTP
    ("http://oms.example.com/", false),
    ("http://93.184.216.34/", false),
    ("ftp://oms.example.com/", false),
    ("file:///etc/passwd", false),
    ("gopher://127.0.0.1:6379/_FLUSHALL", false),
    ("javascript:alert(1)", false),
    ("data:text/plain,x", false),
    ("ws://oms.example.com/", false),
    ("unix:/var/run/docker.sock", false),
    ("oms.example.com", false),
    ("//oms.example.com/", false),
    ("/exports", false),
    ("", false),
    ("https", false),
    ("https://", false),
    ("https:///exports", false),
    ("https:oms.example.com", false),
    ("https:/oms.example.com", false),
    ("https:\\\\oms.example.com", false),
    // this machine, in every spelling
    ("https://127.0.0.1/", false),
    ("https://127.0.0.1:443/", false),
    ("https://127.0.0.1./", false),
    ("https://127.1/", false),
    ("https://127.0.1/", false),
    ("https://127.127.127.127/", false),
    ("https://2130706433/", false),
    ("https://017700000001/", false),
    ("https://0x7f000001/", false),
    ("https://0x7f.1/", false),
    ("https://0x7F.0x0.0x0.0x1/", false),
    ("https://0177.0.0.1/", false),
    ("https://0177.1/", false),
    ("https://00000177.0.0.1/", false),
    ("https://127.0.0.01/", false),
    ("https://0/", false),
    ("https://0.0.0.0/", false),
    ("https://0.1.2.3/", false),
    ("https://localhost/", false),
    ("https://LOCALHOST/", false),
    ("https://localhost./", false),
    ("https://api.localhost/", false),
    ("https://localhost.localdomain/", false),
    ("https://①②⑦.⓪.⓪.①/", false),
    ("https://１２７.０.０.１/", false),
    ("https://127。0。0。1/", false),
    ("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", false),
    ("https://127%2e0%2e0%2e1/", false),
    ("https://%6c%6f%63%61%6c%68%6f%73%74/", false),
    // private, link-local, and the clouds' metadata
    ("https://10.0.0.1/", false),
    ("https://10.255.255.255/", false),
    ("https://172.16.0.1/", false),
    ("https://172.31.255.255/", false),
    ("https://192.168.0.1/", false),
    ("https://169.254.169.254/latest/meta-data/", false),
    ("https://2852039166/latest/meta-data/", false),
    ("https://0xA9FEA9FE/", false),
    ("https://0xa9.0xfe.0xa9.0xfe/", false),
    ("https://0251.0376.0251.0376/", false),
    ("https://169.254.43518/", false),
    ("https://169.16689662/", false),
    ("https://[::ffff:a9fe:a9fe]/", false),
    ("https://[::ffff:169.254.169.254]/", false),
    ("https://metadata.google.internal/", false),
    ("https://printer.local/", false),
    ("https://intranet/", false),
    ("https://router.lan/", false),
    ("https://nas.home.arpa/", false),
    ("https://wiki.corp/", false),
    // other ranges nobody on the internet has
    ("https://100.64.0.1/", false),
    ("https://100.127.255.255/", false),
    ("https://192.0.0.8/", false),
    ("https://192.0.2.1/", false),
    ("https://192.88.99.1/", false),
    ("https://198.18.0.1/", false),
    ("https://198.19.255.255/", false),
    ("https://198.51.100.7/", false),
    ("https://203.0.113.9/", false),
    ("https://224.0.0.1/", false),
    ("https://239.255.255.255/", false),
    ("https://240.0.0.1/", false),
    ("https://255.255.255.255/", false),
    // IPv6
    ("https://[::]/", false),
    ("https://[::1]/", false),
    ("https://[0:0:0:0:0:0:0:1]/", false),
    ("https://[0000:0000:0000:0000:0000:0000:0000:0001]/", false),
    ("https://[::127.0.0.1]/", false),
    ("https://[::7f00:1]/", false),
    ("https://[::ffff:127.0.0.1]/", false),
    ("https://[::ffff:7f00:1]/", false),
    ("https://[::FFFF:10.0.0.1]/", false),
    ("https://[0:0:0:0:0:ffff:c0a8:1]/", false),
    ("https://[::ffff:0:127.0.0.1]/", false),
    ("https://[64:ff9b::7f00:1]/", false),
    ("https://[64:ff9b::8.8.8.8]/", false),
    ("https://[64:ff9b:1::1]/", false),
    ("https://[2002:7f00:1::]/", false),
    ("https://[2002:a9fe:a9fe::]/", false),
    ("https://[2001::1]/", false),
    ("https://[2001:0:7f00:1::]/", false),
    ("https://[2001:db8::1]/", false),
    ("https://[3fff::1]/", false),
    ("https://[100::1]/", false),
    ("https://[fc00::1]/", false),
    ("https://[fd00:ec2::254]/", false),
    ("https://[fe80::1]/", false),
    ("https://[fe80::1%25eth0]/", false),
    ("https://[fec0::1]/", false),
    ("https://[ff02::1]/", false),
    ("https://[5f00::1]/", false),
    ("https://[::1/", false),
    ("https://::1/", false),
    // two hosts in one text
    ("https://oms.example.com@127.0.0.1/", false),
    ("https://127.0.0.1@oms.example.com/", false),
    ("https://user:password@oms.example.com/", false),
    ("https://@oms.example.com/", false),
    ("https://oms.example.com:pw@127.0.0.1:443/", false),
    ("https://oms.example.com\\@127.0.0.1/", false),
    ("https://127.0.0.1\\.oms.example.com/", false),
    ("https://oms.example.com#@127.0.0.1/", false),
    ("https://127.0.0.1#.oms.example.com/", false),
    ("https://127.0.0.1?.oms.example.com/", false),
    ("https://oms.example.com/#top", false),
    ("https://oms%00.example.com/", false),
    // more than one line or word
    ("https://oms.example.com/\r\nHost: 127.0.0.1", false),
    ("https://oms.example.com/\nX: y", false),
    ("https://oms.example.com/ HTTP/1.1", false),
    ("https://oms.example.com\t/", false),
    ("https://oms\u{0}.example.com/", false),
    (" https://oms.example.com/", false),
    ("https://oms.example.com/\u{a0}", false),
    ("https://oms.example.com/\u{2028}", false),
    ("ht\ntps://oms.example.com/", false),
    // ports
    ("https://oms.example.com:0/", false),
    ("https://oms.example.com:22/", false),
    ("https://oms.example.com:25/", false),
    ("https://oms.example.com:53/", false),
    ("https://oms.example.com:5432/", false),
    ("https://oms.example.com:6379/", false),
    ("https://oms.example.com:65536/", false),
    ("https://oms.example.com:-1/", false),
    ("https://oms.example.com:80a/", false),
    // what is no host name
    ("https://oms..example.com/", false),
    ("https://.example.com/", false),
    ("https://oms.example.com./", false),
    ("https://oms,example.com/", false),
    ("https://*.example.com/", false),
    ("https://1.2.3.4.5/", false),
    ("https://256.1.1.1/", false),
    ("https://1e100/", false),
];

#[test]
fn every_spelling_is_judged_as_it_is_meant() {
    assert!(VECTORS.len() >= 100, "{}", VECTORS.len());
    let guard = Guard::default();
    let wrong: Vec<_> = VECTORS
        .iter()
        .filter(|(url, may)| guard.admit(url).is_ok() != *may)
        .map(|(url, _)| (url, guard.admit(url)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let long = format!("https://oms.example.com/{}", "a".repeat(2_000));
    assert!(guard.admit(&long).is_err());
}

#[test]
fn an_exception_is_its_port_and_nothing_near_it() {
    let guard = Guard::new(
        "127.0.0.1:3100,oms.internal:8080,10.20.0.0/16"
            .parse()
            .unwrap(),
    );
    for (url, may) in [
        ("http://127.0.0.1:3100/3pl", true),
        ("https://127.0.0.1:3100/3pl", true),
        ("http://127.0.0.1:3101/", false),
        ("http://127.0.0.1/", false),
        ("http://127.1:3100/", false),
        ("http://2130706433:3100/", false),
        ("http://localhost:3100/", false),
        ("http://[::ffff:127.0.0.1]:3100/", false),
        ("http://user@127.0.0.1:3100/", false),
        ("http://oms.internal:8080/", true),
        ("http://OMS.internal:8080/", true),
        ("http://oms.internal/", false),
        ("https://oms.internal/", false),
        ("http://x.oms.internal:8080/", false),
        ("http://10.20.3.4/", true),
        ("http://10.21.0.1/", false),
        ("http://oms.example.com/", false),
    ] {
        assert_eq!(guard.admit(url).is_ok(), may, "{url}");
    }
}

#[test]
fn a_refusal_says_what_to_write_and_quotes_nothing() {
    let says = |url: &str| Guard::default().admit(url).unwrap_err().to_string();
    assert!(says("http://oms.example.com/").contains("https://"));
    assert!(says("https://10.0.0.1/").contains("public addresses"));
    assert!(says("https://127.1/").contains("usual form"));
    assert!(!says("https://name:hunter2@oms.example.com/").contains("hunter2"));
}
