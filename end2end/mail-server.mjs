// A mail server for tests: takes mail on 127.0.0.1, understands it, and writes each as one line of JSON to
// the file that was named. It refuses for good whoever is called `nobody-home`. With a key and its certificate
// it speaks TLS: after STARTTLS, before which it takes nothing, or from the start.
import { appendFileSync, readFileSync } from "node:fs";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

const [port, file, mode = "plain", key, cert] = process.argv.slice(2);

const tls = {
  plain: () => ({ disabledCommands: ["STARTTLS"], allowInsecureAuth: true }),
  starttls: () => ({ key: readFileSync(key), cert: readFileSync(cert), hideSTARTTLS: false }),
  wrapped: () => ({ key: readFileSync(key), cert: readFileSync(cert), secure: true }),
}[mode]();

const server = new SMTPServer({
  ...tls,
  onAuth(auth, _session, done) {
    if (auth.username === "meshline" && auth.password === "hush mail") return done(null, { user: "meshline" });
    return done(new Error("wrong name or password"));
  },
  onRcptTo(address, _session, done) {
    if (!address.address.startsWith("nobody-home")) return done();
    const refused = new Error("no such mailbox here");
    refused.responseCode = 550;
    return done(refused);
  },
  onData(stream, session, done) {
    simpleParser(stream).then((mail) => {
      const headers = Object.fromEntries(mail.headerLines.map(({ key, line }) => [key, line]));
      const to = session.envelope.rcptTo.map(({ address }) => address);
      const { subject, text, html, messageId } = mail;
      const { secure } = session;
      appendFileSync(file, JSON.stringify({ to, from: mail.from.text, subject, text, html, messageId, headers, secure }) + "\n");
      done();
    }, done);
  },
});

// who does not like the certificate hangs up
server.on("error", () => {});
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
