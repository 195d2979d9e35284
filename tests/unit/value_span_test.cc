// `value` rules: every form in which a key and its value stand in logs. The built-in rules are
// used, so that their keys are tested with them.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/testing/expect.h"

namespace redactd::test {
namespace {

void expect_all_masked(std::initializer_list<const char*> sources) {
  for (const char* source : sources) expect_exactly_masked(source);
}
void expect_all_kept(std::initializer_list<const char*> sources) {
  for (const char* source : sources) expect_kept(source);
}

TEST(Value, AfterAnEqualsSign) {
  expect_all_masked({"password=«{alnum:12}»", "password=«{alnum:12}» next",
                     "password = «{alnum:12}» next", "user=bob password=«{alnum:12}» attempt=2",
                     "password='«{alnum:12}»'", "password=\"«{alnum:12}»\"",
                     "password='«{alnum:5} {alnum:5}»' x", "export PASSWORD=«{alnum:12}»",
                     "password:=«{alnum:12}»", "password==«{alnum:12}»",
                     "password => '«{alnum:12}»'"});
}

TEST(Value, AfterAColon) {
  expect_all_masked({"password: «{alnum:12}»", "password:«{alnum:12}»", "password : «{alnum:12}» x",
                     "Password: «{alnum:12}», user: bob", "password: \"«{alnum:12}»\" # comment"});
}

TEST(Value, InJson) {
  expect_all_masked(
      {R"({"password":"«{alnum:12}»"})", R"({ "password" : "«{alnum:12}»" , "user":"bob"})",
       R"({"a":{"b":[{"password":"«{alnum:12}»"}]}})", R"({"password":"«a\"{alnum:12}\\»","x":1})",
       R"({"password":"«{alnum:8},{alnum:4}}]»","x":1})",
       R"({"password":"«p\u00e4ss{alnum:8}\n»","x":1})",
       R"({"password":"«{alnum:8} with blanks»","x":1})", R"({"password":"«\/{alnum:8}»"})"});
}

TEST(Value, ArraysInJsonAreMaskedElementByElement) {
  expect_all_masked({R"({"password":["«{alnum:12}»","«{alnum:10}»"],"x":["y"]})",
                     R"({"x":["y"],"password":[ "«{alnum:12}»" ]})"});
}

TEST(Value, InJsonInsideJsonAtAnyDepth) {
  expect_all_masked(
      {R"({"log":"{\"password\":\"«{alnum:12}»\",\"x\":1}"})",
       R"({"log":"{\"a\":\"{\\\"password\\\":\\\"«{alnum:12}»\\\",\\\"x\\\":1}\"}"})",
       R"({"log":"{\"a\":\"{\\\"b\\\":\\\"{\\\\\\\"password\\\\\\\":\\\\\\\"«{alnum:12}»\\\\\\\"}\\\"}\"}"})",
       R"({"log":"{\"password\":\"«a\\\"{alnum:12}»\",\"x\":1}"})",
       R"(payload={\"password\":\"«{alnum:12}»\"})"});
}

TEST(Value, TextInsideAJsonString) {
  expect_all_masked(
      {R"({"msg":"login password=«{alnum:12}»","x":1})",
       R"({"msg":"login password=«{alnum:12}» failed"})", R"({"msg":"password='«{alnum:12}»'\n"})",
       R"({"msg":"password: «{alnum:12}»\nnext line"})", R"({"msg":"a\npassword=«{alnum:12}»\n"})",
       R"({"msg":"set password=\"«{alnum:6} {alnum:6}»\" now"})"});
}

TEST(Value, InSingleQuotes) {
  expect_all_masked({"{'password': '«{alnum:12}»', 'user': 'bob'}", "'password'='«{alnum:12}»'",
                     "'password' => '«{alnum:12}»',",
                     "{'password': '«it\\'s {alnum:8}»', 'user': 'bob'}",
                     "{u'password': u'«{alnum:12}»'}", "{'password': b'«{alnum:12}»'}"});
}

TEST(Value, InLogfmt) {
  expect_all_masked({R"(level=info password=«{alnum:12}» dur=3ms)",
                     R"(level=info password="«{alnum:6} {alnum:6}»" dur=3ms)",
                     R"(level=info password="«{alnum:6}\"{alnum:6}»" dur=3ms)",
                     R"(msg="password=«{alnum:12}»" dur=3ms)"});
}

TEST(Value, InYaml) {
  expect_all_masked({"password: «{alnum:12}»", "  password: '«{alnum:12}»'",
                     "- password: \"«{alnum:12}»\"", "spring.datasource.password: «{alnum:12}»"});
}

TEST(Value, InUrlQueriesAndFormBodies) {
  expect_all_masked(
      {"GET /login?user=bob&password=«{alnum:12}»&x=1 HTTP/1.1",
       "https://h/p?password=«{alnum:12}»", "https://h/p?password=«{alnum:8}%40{alnum:4}»&x=1",
       "body: user=bob&password=«{alnum:12}»&remember=on", "user%5Bpassword%5D=«{alnum:12}»&x=1",
       "user[password]=«{alnum:12}»&x=1", "GET /v1?api_key=«{alnum:32}»&v=2 HTTP/1.1\" 200"});
}

TEST(Value, WithPercentEncodedSeparators) {
  expect_all_masked({"body=user%3Dbob%26password%3D«{alnum:12}»%26remember%3D1",
                     "q=%7B%22password%22%3A%22«{alnum:12}»%22%7D", "q=password%3D«{alnum:12}»",
                     "q=password%3d«{alnum:12}»%26x"});
}

TEST(Value, InAuthorizationHeadersOfEveryScheme) {
  expect_all_masked({"Authorization: Bearer «{base64url:40}»",
                     "authorization: bearer «{alnum:40}»",
                     "Authorization: Basic «dXNlcjpw{base64:20}»",
                     "Authorization: Token «{hex:40}»",
                     "Authorization: token «{hex:40}»",
                     "Authorization: ApiKey «{base64:40}==»",
                     "Authorization: Negotiate «{base64:80}»",
                     "Authorization: NTLM «{base64:80}»",
                     "Authorization: «P-{base64url:38}» node-7 shard",
                     "Authorization: SSWS «{base64url:42}»",
                     "Authorization: Splunk «{uuid}»",
                     "Authorization: GenieKey «{uuid}»",
                     "Authorization: AWS «{UPPERNUM:20}:{base64:27}=»",
                     "Authorization: «{base64url:40}»",
                     "Authorization: Custom «{alnum:32}»",
                     "Proxy-Authorization: Basic «dXNlcjpw{base64:20}»",
                     "X-Authorization: Bearer «{alnum:32}»",
                     R"({"Authorization":"Bearer «{alnum:40}»","x":1})",
                     R"({"authorization":["Basic «dXNlcjpw{alnum:20}»"]})",
                     R"({"log":"{\"Authorization\":\"Bearer «{alnum:40}»\"}"})",
                     "'Authorization': 'Bearer «{alnum:40}»'",
                     "headers={Authorization=[Bearer «{alnum:40}»], Accept=[*/*]}",
                     "Authorization=Bearer «{alnum:40}»; x"});
}

TEST(Value, AuthorizationWithParametersIsMaskedWhole) {
  expect_no_secret_left(
      R"(Authorization: Digest username="bob", realm="r", nonce="n1", response="«{hex:32}»")");
  expect_no_secret_left(
      R"(Authorization: OAuth oauth_consumer_key="k", oauth_token="«{alnum:30}»", oauth_signature="«{base64:27}%3D»")");
  expect_no_secret_left(
      "Authorization: AWS4-HMAC-SHA256 "
      "Credential=«{UPPERNUM:20}»/20260101/us-east-1/s3/aws4_request, "
      "SignedHeaders=host;x-amz-date, Signature=«{hex:64}»");
  expect_no_secret_left(
      R"(Authorization: Hawk id="dh37", ts="1353832234", nonce="j4h3g2", mac="«{base64:43}=»")");
}

TEST(Value, AHeadersValueEndsWithTheStringAroundItWhateverItsPadding) {
  expect_all_masked({R"({"m":"> Authorization: Basic «dXNlcjpw{alnum:16}=»","n":"main"})",
                     R"({"m":"> Authorization: Basic «dXNlcjpw{alnum:15}==»","n":"main"})",
                     R"(msg="h: Authorization: Basic «dXNlcjpw{alnum:16}=»" n="main")"});
}

TEST(Value, InHeadersOnCommandLines) {
  expect_all_masked({"curl -H 'Authorization: Bearer «{alnum:40}»' https://h/",
                     R"(curl -H "Authorization: Bearer «{alnum:40}»" https://h/)",
                     "curl -H 'X-Api-Key: «{alnum:32}»' https://h/",
                     "curl --header \"PRIVATE-TOKEN: «{alnum:20}»\" https://h/",
                     R"({"cmd":"curl -H \"Authorization: Bearer «{alnum:40}»\" https://h/"})",
                     R"(["curl","-H","Authorization: Bearer «{alnum:40}»","https://h/"])"});
}

TEST(Value, InOtherHeaders) {
  expect_all_masked({"X-Api-Key: «{alnum:32}»", "x-api-key: «{alnum:32}»",
                     "X-Auth-Token: «{alnum:32}»", "X-Vault-Token: «{alnum:26}»",
                     "PRIVATE-TOKEN: «{alnum:20}»", R"({"x-api-key":"«{alnum:32}»"})",
                     "Ocp-Apim-Subscription-Key: «{hex:32}»", "X-CSRF-Token: «{base64:43}=»"});
}

TEST(Value, InASingleQuoteThatNothingClosesEndsWithTheStringAround) {
  expect_all_masked({R"({"msg":"cut off: password='«{alnum:12}»","level":"info"})",
                     R"({"msg":"it's password='«{alnum:12}»","who":"bob's"})",
                     R"({"log":"{\"msg\":\"password='«{alnum:12}»\",\"n\":1}\n"})",
                     R"({"a":"x","PASSWORD':'«og:6pas{alnum:8}»":"y"})",
                     R"(msg="cut off: password='«{alnum:12}»" level=info)",
                     // Not around: closed before, or the value's own.
                     R"(msg="x" password='«ab"c{alnum:12}»' n=1)",
                     R"({"msg":"password='«ab\"c{alnum:12}»' n=1"})"});
}

TEST(Value, InAnEncodedQuoteThatNothingClosesEndsWithTheStringAround) {
  expect_all_masked({R"({"m":"cut off: token%22%3A%22«{alnum:24}»","n":1})",
                     R"({"m":"x password&quot;:&quot;«{alnum:12}»","n":1})",
                     R"({"m":"{\u0022password\u0022:\u0022«{alnum:12}»","n":1})"});
}

TEST(Value, TheQuoteBehindAnEncodedSeparatorMayCloseTheString) {
  expect_all_kept({R"({"token%3D":null})", R"({"token%3a":[1,2]})", R"({"a":"q=token%3D","b":1})"});
  expect_all_masked({R"({"a":"q=token%3D«{alnum:24}»","b":1})", R"(q=token%3D"«{alnum:24}»")",
                     R"({"a":"q=%7B%22token%22%3A%22«{alnum:24}»%22%7D"})"});
  EXPECT_EQ(redact(R"({"password":1234567,"token%3D":null})"),
            R"({"password":"[REDACTED:password]","token%3D":null})");
}

TEST(Value, OfCookies) {
  expect_all_masked({"Cookie: session=«{hex:40}»",
                     "Cookie: session=«{hex:40}»; lang=en; theme=dark",
                     "Set-Cookie: sid=«{hex:40}»; Path=/; Domain=example.com; Max-Age=3600; "
                     "Secure; HttpOnly; SameSite=Lax",
                     "Set-Cookie: sid=«{hex:40}»; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/",
                     R"({"cookie":"sid=«{hex:40}»; theme=dark","x":1})",
                     "curl -H 'Cookie: sid=«{hex:40}»' https://h/"});
}

TEST(Value, OfCommandLineOptions) {
  expect_all_masked(
      {"mysqldump --password «{alnum:16}» shop", "mysqldump --password=«{alnum:16}» shop",
       "app --db-password «{alnum:16}» --port 80", "app --client-secret=«{alnum:30}»",
       "app -password «{alnum:16}» x", R"(["app","--password","«{alnum:16}»","--port","80"])",
       "app --password '«{alnum:8} {alnum:8}»' --port 80", "vault login --token «{alnum:26}»"});
}

TEST(Value, OfEnvironmentDumps) {
  expect_all_masked({"DB_PASSWORD=«{alnum:16}»", "declare -x DB_PASSWORD=\"«{alnum:16}»\"",
                     "environ({'HOME': '/root', 'DB_PASSWORD': '«{alnum:16}»', 'LANG': 'C'})",
                     R"(Env:[PATH=/bin DB_PASSWORD=«{alnum:16}» HOME=/root])",
                     R"("Env":["PATH=/bin","DB_PASSWORD=«{alnum:16}»"])",
                     R"({"name":"DB_PASSWORD","value":"«{alnum:16}»"})",
                     R"(- name: "DB_PASSWORD", value: "«{alnum:16}»")",
                     R"(<add key="DbPassword" value="«{alnum:16}»"/>)",
                     "<password>«{alnum:16}»</password>"});
}

TEST(Value, KeysMayHaveAnythingBeforeThem) {
  expect_all_masked(
      {"DB_PASSWORD=«{alnum:16}»", "dbPassword=«{alnum:16}»",
       "spring.datasource.password=«{alnum:16}»", "clientSecret=«{alnum:32}»",
       "CLIENT_SECRET=«{alnum:32}»", "client-secret: «{alnum:32}»", "X-Auth-Token: «{alnum:32}»",
       "myApiKey=«{alnum:32}»", "MY.API.KEY=«{alnum:32}»", "a.b.c.apiKey=«{alnum:32}»",
       "refreshToken=«{alnum:32}»", "awsSecretAccessKey=«{base64:40}»", "PGPASSWORD=«{alnum:16}»"});
}

TEST(Value, KeysMayHaveNothingAfterThem) {
  expect_all_kept({"password_reset=done", "passwordPolicy=strict", "secretName: web-tls",
                   "tokenizer=fast", "tokens: 1234", "api_key_id=17", "secretary: bob",
                   "compass: north", "bypass=1"});
}

TEST(Value, PlaceholdersStay) {
  for (const char* value : {"null",
                            "NULL",
                            "nil",
                            "None",
                            "true",
                            "false",
                            "***",
                            "********",
                            "${VAR}",
                            "${DB_PASSWORD}",
                            "$DB_PASSWORD",
                            "{{ password }}",
                            "{{ .Values.password }}",
                            "<none>",
                            "<password>",
                            "[REDACTED]",
                            "[REDACTED:password]",
                            "[FILTERED]",
                            "[MASKED]",
                            "xxxxxxxx",
                            "undefined",
                            "%s"}) {
    expect_kept(std::string("password=") + value);
    expect_kept(std::string("password=") + value + " next=1");
    expect_kept(std::string("{\"password\":\"") + value + "\",\"x\":1}");
  }
  expect_all_kept({"password=", "password= ", "password: ", R"({"password":""})",
                   R"({"password":null})", R"({"password":true})", R"({"password":{"min":8}})",
                   R"({"password":[]})", "password=''", "password=\"\"",
                   "https://h/?password=&x=1"});
}

TEST(Value, VariablesOfQueriesStay) {
  expect_all_kept({"mutation($p:String!){login(password:$p){token}}",
                   "WHERE [u].[Password] = @__password_0", "SET password = @p0 WHERE id = @p1",
                   "Authorization: Bearer {token}", "Authorization: Bearer {access_token}"});
  expect_all_masked({"password=«@{alnum:12}»", "password=«$p{alnum:10}»"});
}

TEST(Value, ReferencesToWhereASecretIsKeptStay) {
  expect_all_kept({"password: op://vault/item/password", "password=…",
                   "password: vault:secret/data/app#password",
                   "password: ref+vault://secret/app#password"});
  expect_all_masked({"password: «vault{alnum:12}»", "password: «ref+{alnum:6}/{alnum:6}»"});
}

TEST(Value, ProseBehindAnOptionStays) {
  expect_all_kept({"WARNING! Using --password via the CLI is insecure. Use --password-stdin.",
                   "the --token flag is deprecated", "use --password or --password-file",
                   "pass=12/12", "pass: 1/3"});
  expect_all_masked({"app --password «via{alnum:8}» x", "app --password «summer» x"});
}

TEST(Value, ProseAboutPasswordsStays) {
  expect_all_kept({"authentication failed: password: incorrect", "password required",
                   "the password is invalid", "Failed password for root from 10.0.0.1 port 22 ssh2",
                   "enter your password:", "secret not found", "token expired",
                   "bearer token has expired", "Cookie: disabled", "authorization: required"});
}

TEST(Value, APlaceholderWithASecretInItIsNone) {
  expect_no_secret_left("password=${DB_PASSWORD:-«{alnum:12}»}");
  expect_no_secret_left("password=***«{alnum:12}»");
  expect_no_secret_left("password=[REDACTED]«{alnum:12}»");
  expect_no_secret_left("password=null«{alnum:12}»");
}

TEST(Value, AWordInTheDataDoesNotSwitchMaskingOff) {
  for (const char* magic : {"gitleaks:allow ", "pragma: allowlist secret ", "noqa ",
                            "[REDACTED:x] ", "nosec ", "#nosec "}) {
    expect_no_secret_left(std::string(magic) + "password=«{alnum:12}»");
    expect_no_secret_left("password=«{alnum:12}» " + std::string(magic));
  }
}

TEST(Value, ColoursAroundKeysAndValues) {
  expect_all_masked({"\x1b[31mpassword\x1b[0m=«{alnum:12}»\x1b[0m",
                     "\x1b[31mpassword=\x1b[32m«{alnum:12}»\x1b[0m x",
                     "\x1b[36mpassword=\x1b[0m«{alnum:12}» \x1b[36muser=\x1b[0mbob"});
}

TEST(Value, CutOffAtTheEndOfTheRecordIsMasked) {
  expect_all_masked({R"({"password":"«{alnum:12}»)", "password='«{alnum:12}»",
                     R"({"log":"{\"password\":\"«{alnum:12}»)", R"({"password":"«{alnum:12}\»)"});
}

TEST(Value, SeveralInOneLine) {
  expect_exactly_masked("password=«{alnum:12}» token=«{alnum:32}» user=bob secret=«{alnum:20}»");
  expect_exactly_masked(
      R"({"password":"«{alnum:12}»","token":"«{alnum:32}»","clientSecret":"«{alnum:20}»"})");
}

TEST(Value, OfConnectionStrings) {
  expect_all_masked({"host=db port=5432 user=app password=«{alnum:16}» dbname=shop",
                     "Server=db;Database=shop;User Id=app;Pwd=«{alnum:16}»;Encrypt=true",
                     "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=«{base64:86}==»;"
                     "EndpointSuffix=core.windows.net",
                     "Endpoint=sb://ns.servicebus.windows.net/"
                     ";SharedAccessKeyName=Root;SharedAccessKey=«{base64:43}=»"});
}

TEST(Value, InFilesThatAreLoggedLineByLine) {
  expect_all_masked(
      {"app: machine api.example.com\napp:   login bob\napp:   password «{digits:1}{alnum:19}»\n",
       "app: db.example.com:5432:shop:app:«{alnum:14}»", "https://«{hex:40}»@git.example.com/a.git",
       R"({"outputs":{"db_password":{"value":"«{alnum:24}»","type":"string","sensitive":true}}})",
       "<password>«correct {alnum:8} horse»</password>",
       "<secret>«{AQAAABAAA {alnum:24}}»</secret>",
       R"({"auths":{"r.example.com":{"auth":"«{base64:32}»"}}})"});
  expect_all_kept({"<token>", "usage: <token> next", R"({"password":{"min":8,"value":true}})",
                   "https://release-bot-of-the-platform-team@git.example.com/a.git"});
}

TEST(Value, AfterAKeyThatNamesAProvider) {
  expect_all_masked({"adafruit_io_key=«{alnum:32}»", "NEW_RELIC_KEY: «{hex:40}»",
                     R"({"mailgunKey":"«{hex:32}-{hex:8}»"})",
                     "Mailgun private API key: «{hex:32}»", "export NOTION_KEY=«{lowernum:40}»",
                     "cloudflare: \"«{hex:37}»\""});
  expect_all_kept({"adafruit_io_key=missing", "the mailgun key = value pair",
                   "segment_key=user_profile_updated", "boxcar_key={hex:32}",
                   "{\"provider\":\"mailgun\"} key={hex:32}", "cloudflare=enabled",
                   "mailgun sent 12 mails for key={hex:32}", "monkey=business"});
}

TEST(Value, TheMaskSaysWhichProviderTheKeyNamed) {
  EXPECT_EQ(redact("ADAFRUIT_IO_KEY=q8Zr2LkVt0sB4xYw"),
            "ADAFRUIT_IO_KEY=[REDACTED:provider-key:adafruit]");
  EXPECT_EQ(redact(R"({"fresh-desk.key":"q8Zr2LkVt0sB4xYw"})"),
            R"({"fresh-desk.key":"[REDACTED:provider-key:freshdesk]"})");
  std::string once = redact("mailgun key: 9f86d081884c7d659a2feaa0c55ad015, mailgun key=x7, key=y");
  EXPECT_EQ(redact(once), once);
}

TEST(Value, TwoWordsWithASlashAreAPasswordUnlessTheyNameAnObject) {
  expect_all_masked(
      {"password=«winter/summer»", R"({"password":"«winter/summer»"})", "password=«abc/defghij1»"});
  std::string object = "Registered secret=default/web-tls";
  EXPECT_EQ(redact(object), object);
}

TEST(Value, MessagesThatShowAKey) {
  expect_all_masked({"Connecting with key: «{alnum:32}»",
                     "Failed with key «{alnum:40}» after 3 attempts", "::add-mask::«{alnum:24}»",
                     "machine api.example.com login bob password «{alnum:16}»"});
}

/// Found by fuzz_redact: what is a placeholder elsewhere opens an element if another tag closes it.
TEST(Value, AnElementMayStandBehindAnEqualsSign) {
  for (std::string_view before :
       {"body=", "body:", "/path/", "Authorization: Bearer {alnum:20}="}) {
    Filled line = fill(std::string(before) + "<password>«{alnum:16}»</password>");
    std::string out = redact(line.text + "\n");
    EXPECT_EQ(count_of(out, line.secrets[0]), 0u) << out;
    EXPECT_EQ(redact(out), out);
  }
  EXPECT_EQ(redact("password=<password> ok\n"), "password=<password> ok\n");
}

TEST(Value, AMaskInPlaceOfAnEqualsSignChangesNothing) {
  const std::string text = "Authorization: Bearer [!X=<password>{alPassword\" v\n";
  EXPECT_EQ(redact(redact(text)), redact(text));
}

TEST(Value, PrivateMembersOfAJsonWebKeyWhereverItsTypeStands) {
  expect_all_masked(
      {R"({"kty":"oct","kid":"k1","k":"«{base64url:43}»","alg":"HS256"})",
       R"({"crv":"P-256","d":"«{base64url:43}»","kty":"EC","x":"{base64url:43}"})",
       R"({ "kty": "OKP", "key_ops": ["sign"], "d": "«{base64url:43}»" })",
       R"({"keys":[{"d":"«{base64url:43}»","kty":"EC"},{"kty":"EC","x":"{base64url:43}"}]})",
       R"({"m":"{\"d\":\"«{base64url:43}»\",\"kty\":\"EC\"}"})"});
  expect_all_kept({R"({"kty":"RSA","n":"{base64url:342}","e":"AQAB"})",
                   R"({"d":"{base64url:43}","q":"words"})", R"("kty" "d":"{base64url:43}")"});
}

TEST(Value, ColumnsOfAnInsertThatAreNamedLikeSecrets) {
  expect_all_masked({"INSERT INTO u (name, password) VALUES ('bob', '«{alnum:12}»');",
                     "INSERT INTO u (password, at) VALUES ('«{alnum:12}»', now())",
                     "insert into u(`a`,`api_key`) values (coalesce(1, 2), '«{alnum:32}»'), (3, "
                     "'«{alnum:32}»')"});
  expect_all_masked({"INSERT INTO s (id, azure_key) VALUES (7, '«{alnum:40}»')"});
  expect_all_kept({"INSERT INTO u (name, password) VALUES ($1, $2)",
                   "INSERT INTO c (cache_key, n) VALUES ('orders:by-customer:1234', 1)",
                   "INSERT INTO u (name, city) VALUES ('bob', 'Berlin1234')",
                   "VALUES ('bob', 'Berlin1234')"});
}

TEST(Value, PipedToACommandThatStoresASecret) {
  expect_all_masked({"+ echo «{alnum:40}» | gh auth login --with-token",
                     "+ echo -n «{alnum:32}» | gcloud secrets versions add db --data-file=-",
                     "+ echo «{alnum:32}» | wrangler secret put API_KEY"});
  expect_all_kept({"+ echo done | gh secret list"});
}

TEST(Value, PipedToACommandThatReadsAPassword) {
  expect_all_masked({"+ echo «{alnum:12}» | sudo -S apt-get update",
                     "echo '«{alnum:6}#{alnum:6}»' | sudo -S reboot",
                     "echo -n «{alnum:12}» | docker login -u bob --password-stdin",
                     "echo 'root:«{alnum:12}»' | chpasswd"});
  expect_all_kept({"echo 'cut off", "echo done | sudo tee /etc/motd", "echo Winter123 | tee -a x",
                   "echo $PASSWORD | sudo -S reboot"});
}

TEST(Value, OneTimeCodes) {
  expect_all_masked({"otp=«{digits:6}»", R"({"otp":"«{digits:6}»"})", R"({"pin":"«{digits:4}»"})",
                     "Your verification code is «{digits:6}».", "cvv=«{digits:3}»"});
  expect_all_kept({"otp=enabled", "pin=13", "error code is 123456", "your exit code is 1"});
}

TEST(Value, QuotedInTheWaysOfServersAndMarkup) {
  expect_all_masked({R"({\x22password\x22:\x22«{alnum:12}»\x22,\x22u\x22:1})",
                     "{&#x22;api_key&#x22;:&#x22;«{alnum:32}»&#x22;}",
                     "r=%252Fcb%253Ftoken%253D«{alnum:40}»%2526x%253D1"});
}

TEST(Value, AsPrintersOfPhpAndGoShowIt) {
  expect_all_masked({"    [password:protected] => «{alnum:12}»",
                     R"(["password":"User":private]=> string(12) "«{alnum:12}»")",
                     "[{Name:DB_PASSWORD Value:«{alnum:12}»}]"});
}

TEST(Value, AsPrintersOfGoShowAStringWithItsType) {
  expect_all_masked({R"( Password: (string) (len=24 cap=32) "«{alnum:12}»",)",
                     R"( Password: (*string)(0xc000010250)((len=12) "«{alnum:12}»"),)",
                     R"(url.Values{"client_secret":[]string{"«{alnum:40}»"}, "x":[]string{"y"}})",
                     R"("Authorization":[]string{"Bearer «{alnum:40}»"}, "Accept":[]string{"a"})",
                     R"("Password":interface {}("«{alnum:12}»"))"});
  expect_all_kept({R"(url.Values{"password":[]string{}})"});
}

TEST(Value, QuotesAndColoursInTheEscapesOfJsonInsideJson) {
  expect_all_masked(
      {R"({"log":"{\\u0022password\\u0022:\\u0022«{alnum:12}»\\u0022}"})",
       R"({"log":"{\\u0022n\\u0022:1,\\u0022t\\u0022:\\u0022token=«{alnum:40}»\\u0022}"})",
       R"({"log":"\\u001b[32mpassword\\u001b[0m=\\u001b[33m«{alnum:12}»\\u001b[0m"})"});
}

TEST(Value, InAnElementWhoseMarksAreSpelt) {
  expect_all_masked({"&lt;password&gt;«{alnum:12}»&lt;/password&gt;",
                     R"({"m":"\u003cns:password\u003e«{alnum:12}»\u003c/ns:password\u003e"})",
                     "x=%3Cpassword%3E«{alnum:12}»%3C%2Fpassword%3E"});
  expect_all_kept({"usage: --name &lt;password&gt; host"});
}

TEST(Value, BehindABlankThatIsPercentEncoded) {
  expect_all_masked({"payload=%7B%22password%22%3A+%22«{alnum:12}»%22%7D",
                     "payload=%7B%22password%22%3A%20%22«{alnum:12}»%22%7D",
                     "payload=%7B%22password%22%3A%5B%22«{alnum:12}»%22%5D%7D",
                     "m=Authorization%3A%20Bearer%20«{alnum:40}»"});
  expect_all_kept({"GET /log?m=Enter%20password%3A HTTP/1.1", "GET /?password%3D HTTP/1.1",
                   "GET /?m=Authorization%3A%20missing HTTP/1.1", "GET /?t=bearer HTTP/1.1"});
}

TEST(Value, OfAMemberOfItsKey) {
  expect_all_masked({R"({"user[password][first]":"«{alnum:12}»","x":1})",
                     "user%5Bpassword%5D%5Bfirst%5D=«{alnum:12}»&x=1",
                     "user[token][]=«{alnum:40}»"});
  expect_all_kept({"passwd[1234]: password changed for bob"});
}

TEST(Value, InTheArgumentsOfCommandsThatNameItFirst) {
  expect_all_masked({"--parameters ParameterKey=DbPassword,ParameterValue=«{alnum:12}»",
                     "--set 'env[0].name=DB_PASSWORD,env[0].value=«{alnum:12}»'"});
}

TEST(Value, OnTheNextLineOfAStringInJson) {
  expect_all_masked({R"({"m":"- name: DB_PASSWORD\n  value: «{alnum:12}»\n- name: PORT\n"})",
                     R"({"m":"{\"m\":\"password: |-\\n  «{alnum:12}»\\nport: 1\"}"})"});
}

TEST(Value, OnTheNextLineOfAStringWhoseLineBreaksAreSpelt) {
  for (const char* lines :
       {"db_password:\n  «{alnum:12}»\nport: 1", "The new password is:\n  «{digits:1}{alnum:11}»\n",
        "a\r\ntoken:\r\n\r\n«{digits:1}{alnum:39}»\r\nb",
        "reset with `bin/x -u elastic`):\n  «{digits:1}{alnum:19}»\n",
        "built-in superuser is:\n«{digits:1}{alnum:19}»\n",
        "password = \\\n  «{digits:1}{alnum:11}»\n",
        "[\"password\"]=>\n  \"«{digits:1}{alnum:11}»\"\n"}) {
    std::string text = lines;
    for (int depth = 0; depth < 3; ++depth) {
      text = nlohmann::json({{"m", text}}).dump();
      expect_exactly_masked(text);
    }
    text = lines;
    for (auto [c, spelt] : {std::pair{'\n', "#012"}, {'\r', "#015"}}) {
      for (size_t at; (at = text.find(c)) != std::string::npos;) text.replace(at, 1, spelt);
    }
    expect_exactly_masked("<34>app: " + text);
  }
  expect_all_kept({R"x({"m":"invalid password:\nTraceback (most recent call last)"})x",
                   R"x({"m":"Enter password:\nok"})x",
                   R"({"m":"unexpected token:\n\n\n\nabc123def456"})",
                   R"({"m":"no password:","next\nline":"abc123def456"})"});
}

TEST(Value, BehindAWideColonOrTheTwoOfLdif) {
  expect_all_masked({"password：«{digits:1}{alnum:11}»", "userPassword:: «{alnum:19}=»"});
  expect_all_kept({"password：null", "impl Password:: for"});
}

TEST(Value, APatternBeginsBehindALineBreakInItsSpelling) {
  expect_all_masked({R"({"m":"retry\nBearer «{digits:1}{alnum:31}»\n"})",
                     R"({"m":"a\nrequirepass «{digits:1}{alnum:11}»"})",
                     R"({"m":"{\"m\":\"a\\tPASSWORD elastic = «{digits:1}{alnum:19}»\"}"})"});
}

TEST(Value, BehindAControlByteAsSyslogDaemonsPrintIt) {
  expect_all_masked({"env:#012token=«{alnum:40}»", "a#012secret: «{alnum:20}»",
                     "a#011Bearer «{digits:1}{alnum:31}»", "x#012«ghp_{alnum:36}»",
                     "#033[32mpassword#033[0m: #033[33m«{alnum:12}#033[0m»",
                     "<34>app: - name: DB_PASSWORD#012  value: «{alnum:12}»",
                     "<34>app: password: |#012  «{alnum:12}»"});
  expect_all_kept({"<34>app: Enter password:#012", "<34>app: password:#012#012[REDACTED:password]",
                   "<34>app: [\"ACCESS_TOKEN\"]=>#012  NULL#012}"});
}

TEST(Value, TheNextMemberOfAnObjectIsNoArgumentOfTheStringBefore) {
  expect_all_kept({R"({"m":"flag provided but not defined: -password","logger":"application1"})",
                   R"({"m":"unknown option --token","thread.name":"worker12345"})"});
  expect_all_masked({R"({"argv":["--password","«{alnum:12}»","-x"]})"});
}

TEST(Value, InTheCallThatHashesIt) {
  expect_all_masked({"WHERE name = 'a' AND password = MD5('«{digits:1}{alnum:11}»')",
                     "SET pass = SHA1(\"«{digits:1}{alnum:11}»\")",
                     "UPDATE u SET password = crypt('«{digits:1}{alnum:11}»', gen_salt('bf'))",
                     "SET password=SHA2('«{digits:1}{alnum:11}»', 256)"});
  expect_all_kept({"SET password = MD5(?)", "password = md5(input)"});
}

TEST(Value, OfAMemberWhoseClassIsNamed) {
  expect_all_masked({"    [api_token:App\\User:private] => «{alnum:40}»",
                     "    [password:App\\Models\\User:private] => «{digits:1}{alnum:11}»",
                     "Password:(string)\"«{digits:1}{alnum:11}»\"",
                     R"({"m":"[\"password\"]=>\n  string(12) \"«{alnum:12}»\"\n"})"});
}

TEST(Value, OfADuplicateKeyInADatabase) {
  expect_all_masked({"DETAIL:  Key (token)=(«{alnum:40}») already exists.",
                     R"({"m":"Key (api_key)=(«{alnum:32}») is not present in table \"k\"."})"});
  expect_all_kept(
      {"DETAIL:  Key (id)=(42) already exists.", "DETAIL:  Key (token)=(null) already exists."});
}

TEST(Value, AfterAWordThatSetsIt) {
  expect_all_masked({"DB_PASSWORD set to «{digits:1}{alnum:11}»",
                     "Set client_secret to «{alnum:32}»",
                     "Password for bob changed to «{digits:1}{alnum:11}»",
                     "password set to \"«{digits:1}{alnum:11}»\"",
                     "Your password was set to «{digits:1}{alnum:11}»",
                     "the password was changed to «{digits:1}{alnum:11}»"});
  expect_all_kept({"password was set to expire in 90 days", "password set to expire in 90 days",
                   "token set to null", "Set token to expire at 2026-11-27T03:42:49Z",
                   "password reset to default", "Set password to never expire",
                   "access token set to refresh at 12:30"});
}

TEST(Value, BehindADefinitionOfASystemProperty) {
  expect_all_masked({"java -Dtoken=«{alnum:40}» -jar a.jar", "mvn -Dsonar.login=«{hex:40}» verify",
                     "java -Dpwd=«{alnum:16}» -jar a.jar", "-Dsecret=«{alnum:20}»"});
  expect_all_kept({"java -Dtokenizer=fast -jar a.jar", "{hex:8}Dtoken=x"});
}

TEST(Value, OfAMemberInFlowStyle) {
  expect_all_masked({"- {name: DB_PASSWORD, value: «{alnum:12}»}",
                     R"({"m":"[{password,<<\"«{alnum:16}»\">>},{user,<<\"a\">>}]"})"});
}

TEST(Value, BehindABinaryKeyOfErlang) {
  expect_all_masked({R"([{<<"password">>,<<"«{digits:1}{alnum:11}»">>}])",
                     R"(#{<<"password">> => <<"«{digits:1}{alnum:11}»">>,<<"user">> => <<"a">>})",
                     R"({"m":"[{<<\"password\">>,<<\"«{digits:1}{alnum:11}»\">>}]"})"});
  expect_all_kept({R"([{<<"password">>,undefined}])", R"(#{<<"token">> => null})"});
}

TEST(Value, InAVerbatimStringWithEscapedQuotes) {
  expect_all_masked({R"({"m":"var password = @\"«{alnum:14}»\";"})",
                     R"({"m":"NSString *apiKey = @\"«{alnum:32}»\";"})"});
}

TEST(Value, OfARoutingKeyOnlyWherePagerDutyIsNamed) {
  expect_all_masked({"PAGERDUTY_ROUTING_KEY=«{hex:32}»", "Pagerduty-Routing-Key: «{hex:32}»",
                     R"({"name":"PAGERDUTY_ROUTING_KEY","value":"«{hex:32}»"})"});
  expect_all_kept({"ROUTING_KEY={hex:32}", R"({"routing_key":"{hex:32}"})"});
}

TEST(Value, OfAUserInADevicesConfigurationAtTheBeginningOfItsLine) {
  expect_exactly_masked("username al secret «{digits:1}{alnum:11}»\n");
  expect_kept("invalid username or password (user=bob)\n");
}

TEST(Value, OfAProviderBehindABlank) {
  expect_all_masked({"Snyk token «{uuid}» is not valid", "Linode token «{hex:64}» was refused",
                     "the Algolia admin key «{hex:32}» is unknown"});
  expect_all_kept(
      {"token {uuid} refreshed", "signing key {hex:40} is unknown", "secret {uuid} rotated"});
}

TEST(Value, BehindABlankAndAVariablesName) {
  expect_all_masked({"using acme_client_secret «{alnum:40}»",
                     "DEBUG ACME_API_KEY «{alnum:32}» read", "got acme_auth_token «{hex:64}»",
                     R"({"msg":"acme_api_key «{alnum:32}» read"})"});
  expect_all_kept({"next_page_token {alnum:40}", "using continuation_token {alnum:40}",
                   "user_password varchar2(20) not null", "last_session_token {uuid}",
                   "missing acme_api_key in orders-service-production-eu-west"});
}

TEST(Value, NotSetInParenthesesStays) {
  expect_all_kept({"client_secret=(not set)", "password: (not configured)"});
}

TEST(Value, InAColumnBehindItsVariable) {
  expect_all_masked({"DB_PASSWORD                    «{digits:1}{alnum:15}»",
                     "DB_PASSWORD                    «{digits:1}{alnum:11}»",
                     "API_TOKEN                      «{alnum:32}»",
                     "AWS_SECRET_ACCESS_KEY\t«{alnum:40}»"});
  expect_all_kept(
      {"NAME   TOKEN   TTL", "ACCESS_TOKEN        varchar(255)", "DB_PASSWORD    required"});
}

TEST(Value, InTheNextCellOfATable) {
  expect_all_masked({"│ api_key  │ «{alnum:32}»  │", "┃ Token ┃ «{alnum:40}» ┃",
                     "│ password │ «{digits:1}{alnum:11}» │"});
  expect_all_kept({"│ password │ created_at │", "│ token    │ string     │"});
  expect_all_masked({"| password | «{digits:1}{alnum:11}» |", "| api_key  | «{alnum:32}»  |",
                     "password | «{digits:1}{alnum:11}»"});
  expect_all_kept({"password | created_at", "| password | varchar(255) | NO |",
                   "| token | string | the token |"});
}

TEST(Value, BehindABlankOrItsOwner) {
  expect_all_masked(
      {"bind DN cn=admin password «{digits:1}{alnum:11}»", "password\t«{digits:1}{alnum:11}» x",
       "secret '«{alnum:40}»' rotated", "the password for bob is «{digits:1}{alnum:11}»",
       "password changed from «{digits:1}{alnum:11}» to «{digits:1}{alnum:9}»",
       "login code «{digits:6}» sent to bob", "passphrase of user bob was «{digits:1}{alnum:11}»"});
  expect_all_masked({"kagi-cli --kagi-key «{alnum:32}» -v", "tool --data-key «{alnum:40}» run",
                     "Your azure key is «{alnum:48}»"});
  expect_all_kept({"tool --sort-key name-of-a-long-column-2 run", "the key is invalid",
                   "the cache key is orders-by-customer-2026-11-03",
                   "password sha256 iterations=600000", "POST /reset-password HTTP/1.1abcdef",
                   "the password for user bob is expired", "a token of the user is invalid",
                   "password changed from the console", "status code 200404 sent",
                   "Failed password for root from 10.0.0.1 port 22 ssh2",
                   "secret web-tls-certificate-x7k2p synced"});
}

TEST(Value, PhraseOfAWalletEndsWhereItsWordsEnd) {
  expect_all_masked(
      {"mnemonic: «able {lower:4} about {lower:5} absorb {lower:4} absurd {lower:4} "
       "access {lower:5} across actor» is 4711",
       R"({"m":"seed phrase: «able {lower:4} about {lower:5} absorb {lower:4} absurd )"
       R"({lower:4} access {lower:5} across actor»\n"})"});
}

TEST(Value, SettingsInCookiesStay) {
  expect_all_kept({"Cookie: theme=dark; lang=en-US; _gat=1"});
  expect_all_masked({"Cookie: theme=dark; sid=«abc»"});
}

TEST(Value, NamesThatAreNoSecretsStay) {
  expect_all_kept({R"("Creating token" secret="default-token-x7k2p")", "pad_token: [PAD]",
                   "token=default-token-x7k2p", "token: Token::Ident,",
                   "authorization: {type: Bearer, credentials_file: /etc/token}",
                   "return self.password == other.password", "DB_PASSWORD is deprecated, use X"});
  expect_all_masked({"password == «{alnum:12}»", "password=«[{alnum:10}]»"});
}

TEST(Value, CodeThatNamesAVariableLikeItsKeyStays) {
  expect_all_kept({"user = authenticate(username=username, password=password)",
                   "self.password = password", "'password' => ['required', 'string', 'min:8']",
                   "let{password:t,token:r}=e;return fetch(u,{headers:{authorization:r}})",
                   "export TOKEN=$(cat /run/token)",
                   "Object <Token token=0x7f3a2b10c4d0> released"});
}

TEST(Value, KeysThatNameNoSecretStayWithAnySeparatorInsideThem) {
  expect_all_kept({"PublicKeyToken={hex:16}", "sec-websocket-key: {alnum:22}==",
                   "next_page_token={alnum:24}", "existingSecret: db-{alnum:8}-1"});
  expect_all_masked({"using the existing secret: «{alnum:16}»", "my_token: «{alnum:24}»"});
}

TEST(Value, BehindATerminalsColoursAndWhatErasesItsLine) {
  expect_all_masked({"\x1b[1mtoken «{digits:1}{alnum:39}» is expired",
                     "\x1b[0Kapi key «{digits:1}{alnum:39}»", "\x1b[0Ktoken=«{alnum:24}»",
                     "\x1b[1;32mBearer «{digits:1}{alnum:39}»\x1b[0m",
                     "\x1b[mhtpasswd -nb bob «{alnum:12}»",
                     R"({"m":"\u001b[31mtoken «{digits:1}{alnum:39}»\u001b[0m"})",
                     R"({"m":"line\napi key «{digits:1}{alnum:39}»"})"});
  expect_all_kept({"10mtokens {alnum:40}", "tokenm {alnum:40}"});
}

TEST(Value, WhatToolsPrintOfPackagesSecretsAndPublicKeysStays) {
  expect_all_kept({"  public key: {base64:43}=", "Public Key: {base64:43}=", "password:  16 bytes",
                   "Setting up passwd (1:4.13+dfsg1-1) ...", "token=***REDACTED***",
                   "token = response.json()[\"access_token\"]",
                   "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer",
                   "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"});
  expect_all_masked({"password: «{digits:6}»", "password=«{digits:6}» bytes",
                     "pass: «(1{lower:3}{digits:2}{lower:3})»",
                     "the public key is not: key: «{digits:1}{alnum:39}»",
                     "params:oauth=«{digits:1}{alnum:23}»"});
}

TEST(Value, BehindAShortKeyOfAnyLength) {
  expect_all_masked({"Server=x;Uid=sa;Pwd=«{alpha:2}{digits:1}»;", "PASS=«{alpha:3}» user=bob",
                     R"({"pass":"«{alpha:3}»"})", "db:*:2fa_db:bob:«{alnum:14}»",
                     "db:*:2024:4bob:«{alnum:14}»"});
}

TEST(Value, OfMembersThatCloudsAndDatabasesName) {
  expect_all_masked(
      {R"({"OutputKey":"DbPassword","OutputValue":"«{alnum:14}»"})",
       R"({"m":"{\"OutputKey\": \"ApiSecret\", \"OutputValue\": \"«{alnum:14}»\"}"})",
       R"({"id":{"S":"7"},"password":{"S":"«{alnum:14}»"}})",
       R"({"m":"{\"password\": {\"S\": \"«{alnum:14}»\"}}"})",
       R"(<input name="csrf_token" type="hidden" value="«{digits:1}{alnum:39}»">)",
       R"(let password: &str = "«{alnum:14}»";)",
       R"({"m":"[\"apiKey\":\"App\\Client\":private]=>\n  string(32) \"«{digits:1}{alnum:31}»\""})"});
  expect_all_kept({R"({"OutputKey":"BucketName","OutputValue":"logs-of-the-shop"})",
                   R"({"password":{"SS":["a"]},"n":{"N":"12"}})"});
}

TEST(Value, OfAColumnInBackticksBeforeAnEqualsSign) {
  expect_all_masked({"UPDATE `users` SET `password`='«{alnum:12}»', `n`=1 WHERE `id`=3",
                     "where `api_token`='«{alnum:32}»' limit 1",
                     R"({"sql":"UPDATE `u` SET `password`=\"«{alnum:12}»\""})"});
  expect_all_kept({"undefined method `password=' for #<User>"});
}

TEST(Value, GivenToACallWhoseNameHasUnderscores) {
  expect_all_masked({"user.set_password('«{digits:1}{alnum:11}»')",
                     "set_password(\"«{digits:1}{alnum:11}»\")",
                     "config.setDbPassword(\"«{digits:1}{alnum:11}»\");",
                     "builder.with_password(\"«{digits:1}{alnum:11}»\")"});
  expect_all_kept(
      {"check_password('bob')", "settlePassword(\"{digits:1}{lower:3}\")",
       "def set_password(self, raw_password):", "reset_password(\"{digits:1}{alnum:11}\")"});
}

TEST(Value, InATypeThatIsNamedForIt) {
  expect_all_masked({"Auth { access_token: AccessToken(\"«{alnum:32}»\") }",
                     "Cfg { api_key: ApiKey(\"«{alnum:32}»\") }", "token=Token(\"«{alnum:32}»\")",
                     "Cfg { password: Password(\"«{alnum:14}»\"), port: 1 }"});
}

TEST(Value, BehindTheUserItIsFor) {
  expect_all_masked({"Password for user postgres: «{digits:1}{alnum:11}»",
                     "[sudo] password for bob: «{digits:1}{alnum:11}»"});
  expect_all_kept({"[sudo] password for bob: ", "password for bob: incorrect",
                   "Password for 'https://bob@github.com': "});
}

TEST(Value, InAnElementBehindTheOneThatNamesIt) {
  expect_all_masked(
      {"<init-param><param-name>password</param-name><param-value>«{alnum:14}»</param-value>",
       "<env-entry-name>dbPassword</env-entry-name><env-entry-value>«{alnum:14}»</env-entry-value>",
       "<setting name=\"SmtpPassword\" serializeAs=\"String\"><value>«{alnum:14}»</value>"});
  expect_all_kept({"<input name=\"password\" type=\"password\"> Forgot it2026?",
                   "<param-name>password</param-name><param-value></param-value>"});
}

TEST(Value, WhatMasksMessagesAndCodeHaveInPlaceOfASecretStays) {
  expect_all_kept({"spark.authenticate.secret=*********(redacted)", "password: can't be blank",
                   "describe('password', () => {", R"({"forgotPassword":"Forgot your password?"})",
                   "trustStorePassword is : ****",
                   "The next expected sequenceToken is: {digits:56}",
                   R"({"syncToken":"{alnum:24}"})"});
}

TEST(Value, InAListOrAPairWithoutQuotes) {
  expect_all_masked({"args: [--user, bob, --password, «{digits:1}{alnum:13}»]",
                     "List((user,bob), (password,«{digits:1}{alnum:13}»))",
                     "define( 'AUTH_KEY',    '«{alnum:20}#{alnum:20} {alnum:21}»' );"});
  expect_all_kept({"use --password, --token or a file", "options --user, --password, and --host",
                   "login(password,username)", "usage: [--user, --password, --host]",
                   "bcrypt.compare(password, user.password)", "yield (token, style_of(token))",
                   "if x in (Flow.REFRESH_TOKEN, Flow.OTHER_TOKEN_2):",
                   "jwt.verify(token,{lower:6}{digits:2}ed)"});
}

TEST(Value, OfStatuspageWhoseNameEndsLikeAPageToken) {
  expect_all_masked({"export STATUSPAGE_TOKEN=\"«{uuid}»\""});
  expect_all_kept({"next_page_token={alnum:24}", "nextPageToken={alnum:24}"});
}

TEST(Value, InParenthesesWhereItLooksRandom) {
  expect_all_masked({"password(\"«a1B{digits:1}c{digits:1}D{digits:1}e{digits:1}»\")",
                     "token(«a1B{digits:1}c{digits:1}D{digits:1}{alnum:12}»)",
                     "token → «a1B{digits:1}{alnum:28}»"});
  expect_all_kept({"token(identifier)", "secret(\"db-credentials\")", "password(\"Enter it: \")",
                   "token(parse(a1b2c3d4e5))", "get_secret(\"a1B2c3D4e5F6\")"});
}

TEST(Value, ASentenceAboutAPasswordStays) {
  expect_all_kept({"Your admin user password is located in /nexus-data/admin.password",
                   "the password is already set", "@password = params[:password]",
                   "it('password', async () => {"});
}

TEST(Value, ThatSpringRejected) {
  expect_all_masked(
      {"Field error in object 'user' on field 'password': rejected value [«{alnum:6}»]; codes [x]",
       "on field 'newPassword': rejected value [«{alnum:4}#{alnum:7}»]; codes "
       "[Size.user.newPassword,Size]; arguments []",
       R"({"m":"on field 'apiToken': rejected value [«{alnum:32}»]; codes [x]"})"});
  expect_all_kept({"on field 'password': rejected value [null]; codes [NotNull.user.password]",
                   "on field 'password': rejected value []; codes [NotEmpty.user.password]"});
}

TEST(Value, BehindATagOrAnAnchorOfYaml) {
  expect_all_masked({"password: !!str «{alnum:14}»", "password: &pw «{alnum:14}»",
                     "db_password: &db.pw '«{alnum:14}»'", "api_key: !!binary «{base64:32}»"});
  expect_all_kept({"token: !!null null", "password: !!str null"});
}

TEST(Value, OfAMemberThatIsNotItsObjectsFirst) {
  expect_all_masked(
      {R"({"db_password":{"sensitive":true,"type":"string","value":"«{alnum:14}»"}})",
       R"({"m":"{\"api_token\": {\"sensitive\": true, \"value\": \"«{alnum:32}»\"}}"})",
       R"({"password":{"stringValue":"«{alnum:14}»"}})",
       R"([{"name":"DbPassword","slotSetting":false,"value":"«{alnum:14}»"}])"});
  expect_all_kept({R"({"db_password":{"sensitive":true,"type":"string"},"value":"eu-west-1"})",
                   R"({"token":{"type":"Identifier","value":"{alnum:14}"}})"});
}

TEST(Value, OfATemplateBehindAScheme) {
  expect_all_kept({"Authorization: Basic {{ b64 }}", "Authorization: Bearer {{ vault_token }}",
                   "$token = $this->getToken();"});
}

TEST(Value, NamesOfTwoLettersAndMoreAreFoundBeforeAKey) {
  Rule rule;
  rule.id = "named";
  rule.kind = RuleKind::value;
  rule.keys = {"key"};
  rule.names = {"acme", "qz"};
  rule.strength = Strength::strong;
  const Rules rules = rules_of({rule});
  for (const char* source :
       {"QZ_KEY=«{alnum:24}»", "qz-live-key=«{alnum:24}»", "qzKey=«{alnum:24}»",
        "q_z_key=«{alnum:24}»", "ACME_KEY=«{alnum:24}»", "ac_me_key=«{alnum:24}»"})
    expect_exactly_masked(source, rules);
  for (const char* source : {"acne_key={alnum:24}", "q_key={alnum:24}", "ac_key={alnum:24}"})
    expect_kept(source, rules);
}

TEST(Value, AQuoteThatClosesTheStringAroundACommandOpensNone) {
  expect_all_kept({R"({"m":"mysql -u root -p"})", R"({"m":"docker login -u bob -p ","n":86})",
                   R"({"cmd":["sh","sshpass -p "],"n":1})", R"({"m":"//r.example.com/:_auth="})",
                   R"({"m":"{\"m\":\"netrc: login bob password \"}"})",
                   R"({"m":"form-data; name=\"password\"\r\n\r\n","n":86})",
                   R"({"m":"{\"m\":\"form-data; name=\\\"password\\\"\\r\\n\\r\\n\"}"})",
                   R"({"m":"INSERT INTO users (name, password) VALUES ('bob', '"})"});
  expect_all_masked({R"({"m":"docker login -u bob -p \"«{alnum:14}»\"","n":86})",
                     R"({"m":"it's sshpass -p '«{alnum:14}»' ssh bob@db"})",
                     R"({"m":"form-data; name=\"password\"\r\n\r\n«{alnum:14}»\r\n--b"})"});
}

TEST(Value, OfAFormInJsonInJsonIsFoundMaskedByASecondPass) {
  const std::string form =
      R"({"log":"{\"m\":\"form-data; name=\\\\\\\"password\\\\\\\"\\\\r\\\\n\\\\r\\\\n)";
  const std::string rest = R"(\\\\r\\\\n--b x\"}\n"})";
  const std::string once = redact(form + fill("{alnum:14}").text + rest);
  EXPECT_EQ(once, form + label("password") + rest);
  EXPECT_EQ(redact(once), once);
}

TEST(Value, InGroupsOfFourAsMailAndBlogsShowPasswordsOfPrograms) {
  expect_all_masked(
      {"SMTP_PASSWORD=«{lower:4} {lower:4} {lower:4} {lower:4}»",
       "  smtp_password: «{lower:4} {lower:4} {lower:4} {lower:4}»",
       "smtp_pass=«{lower:4} {lower:4} {lower:4} {lower:4}» smtp_port=587",
       "WP_APP_PASSWORD=«{alnum:3}7 {alnum:4} {alnum:4} {alnum:4} {alnum:4} {alnum:4}»",
       R"({"m":"app_password=«{lower:4} {lower:4} {lower:4} {lower:4}»","n":86})"});
  expect_all_masked({"password=«{lower:4}» {lower:4} {lower:4} in 4 ms",
                     "password=«{lower:4}» {lower:4} {lower:4} {lower:4} {lower:4}",
                     "password=«{lower:4}» {lower:4} {lower:4} {lower:5}"});
}

TEST(Value, InAWrapperWithoutQuotes) {
  expect_all_masked({"User(bob, password=Some(«{alnum:13}»), age=None)",
                     "password=Optional[«{alnum:13}»]", "db.password: Str(«{alnum:13}»)",
                     "     -> api.token: Str(«{alnum:31}»)",
                     R"({"m":"password=Some(«{alnum:13}»), x"})"});
  expect_all_kept({"password=Some(null)", "password=Optional[***]", "token: Str()"});
}

TEST(Value, BehindAnEscapedEqualsSignOfCef) {
  expect_all_masked(
      {R"(request=https://x.example.com/?token\=«{alnum:32}» src=10.0.0.1)",
       R"({"m":"request=https://x.example.com/?token\\=«{alnum:32}» src=10.0.0.1"})"});
}

TEST(Value, InASentenceThatSaysWhatItIsNow) {
  expect_all_masked({"the password is now «{alnum:13}»", "password is now set to «{alnum:13}»",
                     "password has been changed to «{alnum:13}»",
                     "password was reset to «{alnum:13}»", "password reset to '«{alnum:13}»'",
                     "password <- \"«{alnum:13}»\""});
  expect_all_kept({"the password is now required", "password has been changed for bob",
                   "password was reset to default", "token has been revoked"});
}

TEST(Value, InThreeQuotes) {
  expect_all_masked({"password = \"\"\"«{alnum:13}»\"\"\"", "api_key = \'\'\'«{alnum:32}»\'\'\'"});
  expect_all_kept({"password = \"\"\"\"\"\"", "token = \"\"\" a note \"\"\""});
}

TEST(Value, WhatAShellSaysOfAVariableThatIsMissingStays) {
  expect_all_kept({"password: ${DB_PASSWORD:?required}", "${API_TOKEN:?must be set}"});
  expect_all_masked({"${DB_PASSWORD:«-{alnum:13}»}"});
}

TEST(Value, AnObjectThatAProgramPrintsStays) {
  expect_all_kept({"Authenticated via OAuth2: Session{email:bob@example.com user:bob token:true}",
                   "jwt: Claims{iss:auth.example.com aud:web}"});
  expect_all_masked({"token: «Token{value:{alnum:32}}»"});
}

TEST(Value, OfAnAttributeOfAndroidAndAnElementInsideTheOneThatNamesIt) {
  expect_all_masked(
      {R"(<meta-data android:name="com.x.API_KEY" android:value="«{alnum:32}»"/>)",
       R"(<property name="password"><value>«{digits:1}{alnum:13}»</value></property>)"});
  expect_all_kept({R"(<property name="password"><value>${db.password}</value></property>)"});
}

TEST(Value, OfAMemberBesideTheOneThatNamesIt) {
  expect_all_masked(
      {R"({"value":"«{alnum:5}#{alnum:8}»","name":"DB_PASSWORD"})",
       R"({"name":"password","type":"string","value":"«{alnum:14}»"})",
       R"([{"k":"password","v":"«{alnum:14}»"},{"k":"user","v":"bob"}])",
       R"({"op":"replace","value":"«{alnum:14}»","path":"/spec/password"})",
       R"({"path":"/password", "op":"replace", "value":"«{alnum:14}»"})",
       R"({"m":"{\"value\":\"«{alnum:14}»\",\"name\":\"DB_PASSWORD\"}"})",
       R"({"loc":["body","password"],"msg":"String should have at least 8","input":"«{alnum:7}»"})",
       R"({'loc': ('body', 'password'), 'msg': 'too short', 'input': '«{alnum:7}»'})",
       R"({"path":["password"],"type":"string.min","context":{"limit":8,"value":"«{alnum:7}»"}})",
       R"({"type":"field","value":"«{alnum:14}»","msg":"Invalid value","path":"password"})",
       R"({"field":"password","rejectedValue":"«{alnum:14}»"})",
       R"(<Data Name="Password">«{alnum:14}»</Data>)"});
  expect_all_kept({R"({"value":"production","key":"deploy_token"})",
                   R"({"value":"{alnum:14}","name":"user","note":"password"})",
                   R"({"name":"token","type":"int","value":4096})",
                   R"({"field":"password","old":"weak","new":"strong"})",
                   R"({"path":["password"],"msg":"required"},{"value":"{alnum:14}"})",
                   R"({"op":"remove","path":"/spec/password"})"});
}

TEST(Value, OfAMemberFarFromTheOneThatNamesItStays) {
  const std::string far = R"({"value":"{alnum:14}","note":")" + std::string(600, 'x');
  expect_kept((far + R"(","name":"password"})").c_str());
}

TEST(Value, BeforeAndAfterAChange) {
  expect_all_masked({R"({"password":{"from":"«{alnum:14}»","to":"«{alnum:13}»"},"x":1})",
                     R"({"field":"password","old":"«{alnum:14}»","new":"«{alnum:13}»"})",
                     R"({"password":{"String":"«{alnum:14}»","Valid":true}})",
                     R"({"password":{"$eq":"«{alnum:14}»"}})",
                     "Option 'password' changed from '«{alnum:14}»' to '«{alnum:13}»'"});
  expect_all_kept({R"({"token":{"old":null,"new":null}})",
                   R"({"password":{"from":"email","to":"sms"}})",
                   "column 'password' changed from string to text"});
}

TEST(Value, ThatAVerbBeforeTheKeySets) {
  expect_all_masked(
      {"setting password to «{alnum:13}»", "Setting env DB_PASSWORD to \"«{alnum:13}»\"",
       "Resetting the password to «{alnum:13}»", "overriding db.password with «{alnum:13}»",
       "property db.password resolved to «{alnum:13}»",
       "ALTER DATABASE app SET \"app.jwt_secret\" TO '«{alnum:31}»'"});
  expect_all_kept({"setting password to expire", "Resetting password to factory default",
                   "changed secret to use vault", "set password to never expire",
                   "the field secret to send with {alnum:13}", "updated token to version 12"});
}

TEST(Value, BehindARemarkInBrackets) {
  expect_all_masked({"Password (plaintext): «{alnum:13}»", "Password [bob]: «{alnum:13}»"});
  expect_all_kept({"Password (optional): ", "Password (min 8 chars): too short"});
}

TEST(Value, AMaskIsNoRemarkInBrackets) {
  expect_all_kept({"invalid token [REDACTED:github-token]: request-id-8f7e6d5c4b3a",
                   "[Bearer [REDACTED:bearer-token]]: request8f7e6d5c4b3a"});
}

TEST(Value, OfTheNextPairOfLogfmt) {
  expect_all_masked({"name=DB_PASSWORD value=«{alnum:13}»", "key=api_key value=«{alnum:31}» n=1"});
  expect_all_kept({"key=token value=none", "name=TOKEN_PATH value=/etc/token"});
}

TEST(Value, InListsWithoutQuotes) {
  expect_all_masked({"passwords: «[{alnum:13}», «{alnum:16}»]",
                     "recovery codes: «{lowernum:5}-{lowernum:5}», «{lowernum:5}-{lowernum:5}»"});
  expect_all_kept({"tokens: [read, write]"});
}

TEST(Value, LabelsOfUserInterfacesStay) {
  expect_all_kept({R"("password": "Password",)", R"({"password":"Passwort","token":"Token"})",
                   R"({"password":"Mot de passe","newPassword":"New password"})",
                   R"({"enterPassword":"Enter your password","clientSecret":"Client Secret"})",
                   R"({"password":"Contraseña","passphrase":"Passphrase:"})",
                   R"({"forgotPassword":"Forgot your password?","secretKey":"Secret key"})",
                   R"("login.password" = "Password";)", "label.password=Password",
                   "login.password=Password:", "label.password=Mot de passe",
                   "form.password.confirm=Confirm password", "  current_password: Current password",
                   "login.forgotPassword=Forgot your password?"});
}

TEST(Value, WhatIsNearALabelIsMasked) {
  expect_all_masked({R"({"password":"«Password1»"})", R"({"passphrase":"«password»"})",
                     R"({"password":"«Winter»"})", R"({"password":"«correct horse battery»"})",
                     R"({"password":"«my password is {digits:4}»"})",
                     R"({"password":"«Pass{digits:3} word»"})",
                     "login password=«Winter» wrong password", "password=«Winter»",
                     R"({"password":"«My Secret Password»"})"});
}

TEST(Value, WhatNoFileOfTranslationsHoldsIsNoLabel) {
  expect_all_masked({"DB_PASSWORD=«Password»", "password=«Secret»", "mysql -u root -p«Password»",
                     "redis://user:«Secret»@db/0", "redis://user:«Password»@db/0",
                     R"(PASSWORD: "«Password»")", R"(connect(password="«Password»"))",
                     "DB_PASSWORD=«secret»", "password=«protected»",
                     "postgres://app:«hidden»@db/app"});
}

TEST(Value, CodesOfErrorsAndComparedMembersAreNoTokens) {
  expect_all_kept({R"(oauth2: "invalid_grant" "Token has been expired or revoked.")",
                   R"({"token":"token_expired"})", "tokenizer.pad_token = tokenizer.eos_token",
                   "bos_token=<|im_start|>", "api_token: !vault |"});
  expect_all_masked({R"({"token":"«grant-{alnum:24}»"})"});
}

TEST(Value, TemplatesWithCallsAndEmptyDefaultsStay) {
  expect_all_kept({"password=${DB_PASSWORD:}", "password=${DB_PASSWORD:-}",
                   "API_TOKEN=${API_TOKEN:?must be set}",
                   R"(become_password: "{{ lookup('env', 'SUDO_PASS') }}")",
                   R"(password: "{{ env_var('DBT_PASSWORD') }}")",
                   R"(password: <%= ENV["DATABASE_PASSWORD"] %>)",
                   R"(password: "<%= ENV['DATABASE_PASSWORD'] %>")"});
  expect_all_masked({"password=«${DB_PASSWORD:-{alnum:12}}»",
                     R"(password: "«{{ env_var('DBT_PASSWORD', '{alnum:12}') }}»")",
                     R"(password: "«<%= ENV.fetch('DB', '{alnum:12}') %>»")"});
}

TEST(Value, TemplatesThatHoldADefaultAreMasked) {
  expect_all_kept(
      {R"(password: "{{ db_password | default('') }}")",
       R"(password: "{{ db_password | default(omit) }}")",
       R"(password: {{ .Values.password | default "" | quote }})",
       R"({"m":"password: {{ .Values.password | default \"\" | quote }}"})",
       R"x(password: {{ include "common.secrets" (dict "secret" (include "app.fullname" .) "key" "password") }})x"});
  expect_all_masked(
      {R"(password: "«{{ db_password | default('{alnum:12}') }}»")",
       R"(password: "«{{ db_password|d('{alnum:12}') | quote }}»")",
       R"(password: «{{ .Values.password | default "{alnum:12}" | quote }}»)",
       R"(password: «{{ default "{alnum:12}" .Values.password | quote }}»)",
       R"x(password: «{{ default "{alnum:12}" (index .Values "x") }}»)x",
       R"(password: «{{ "{alnum:12}" | b64enc }}»)",
       R"(password: "«{{ x }}{alnum:12} | quote }}»")",
       R"({"m":"password: «{{ .Values.password | default \"{alnum:12}\" | quote }}»"})"});
}

TEST(Value, WhatCodeFallsBackToIsMasked) {
  expect_all_masked({R"x(password = os.getenv("X", "«{alnum:12}»"))x",
                     R"x(DB_PASSWORD = config("DB_PASSWORD", default="«{alnum:12}»"))x",
                     R"x(password = os.environ.get('DB_PASSWORD', default='«{alnum:12}»'))x",
                     R"x(password = cfg.get("db", "pass", fallback="«{alnum:12}»"))x",
                     R"x(password: process.env.DB_PASSWORD || '«{alnum:12}»',)x",
                     R"x(password: process.env['DB_PASSWORD'] ?? "«{alnum:12}»")x",
                     R"x(password = ENV['DB_PASSWORD'] || '«{alnum:12}»')x",
                     R"x($password = getenv('DB_PASSWORD') ?: '«{alnum:12}»';)x",
                     R"x(password = os.getenv("X") or "«{alnum:12}»")x",
                     R"x(password: «<%= ENV["X"] || "{alnum:12}" %>»)x",
                     R"x(password: «<%= ENV.fetch("X", "{alnum:12}") %>»)x",
                     R"x({"m":"password = os.getenv(\"X\", \"«{alnum:12}»\")","n":1})x",
                     R"x({"m":"password: process.env.P || '«{alnum:12}»'","n":1})x"});
  expect_all_kept({R"x(password = os.getenv("X", ""))x", R"x(password = os.getenv("DB_PASSWORD"))x",
                   R"x(password = config.get('db', 'password'))x",
                   R"x($token = $_GET['token'] ?? '';)x",
                   R"x(password = settings.X or "" if y else "b")x",
                   R"x(token = header.replace("Bearer ", ""))x",
                   R"x(password: <%= Rails.application.credentials.dig(:db, :password) %>)x",
                   R"x(password = getenv('DB_PASSWORD'))x"});
}

TEST(Value, FunctionsOfPamStay) {
  expect_all_kept(
      {"gdm-password]: pam_unix(gdm-password:session): session opened for user bob(uid=1000)",
       "gdm-password]: pam_unix(gdm-password:auth): authentication failure; logname= uid=0",
       "pam_sss(gdm-password:account): Access denied for user bob"});
  expect_all_masked({"pam_unix(gdm-password:«{alnum:12}»): x", "login(password:«session»)",
                     "pam_unix(x=1,password:«session»)", "password:«session»"});
}

TEST(Value, PhrasesOfProgramsBehindWhatIsNamedAfterASecretStay) {
  expect_all_kept(
      {"random_password.db_password: Refreshing state... [id=none]",
       "random_password.db_password: Still creating... [10s elapsed]",
       "random_password.db_password: Creation complete after 0s [id=none]",
       "data.vault_generic_secret.password: Reading...",
       "data.vault_generic_secret.password: Read complete after 0s [id=secret/x]",
       "    ~ password : output<string> [secret]",
       "slapd[9]: ppolicy_bind: Entry uid=bob has an expired password: 2 grace logins",
       "ET POLICY Http Client Body contains pass= in cleartext",
       R"({"password": ["This password is too common.", "This password is entirely numeric."]})",
       "couldn't decrypt password: input too short when revealing password - is it obscured?"});
  expect_all_masked({"db_password: «Refreshing»", "db_password: «Refreshing» state of mind",
                     "password : «output»", "password: «2»", "pass= «in{alnum:8}»",
                     "password: «Creation{alnum:8}» complete after 0s"});
}

TEST(Value, WhatIsSaidOfAPasswordStays) {
  expect_all_kept({"returns a token when password is correct", "The password is correct.",
                   "password is locked until 2026-11-28", "secret is base64 encoded",
                   R"({"msg":"your password is weak"})"});
  expect_all_masked({"password is «correct» horse battery staple", "password: «correct»",
                     "password=«strong»", "the password is «winter{digits:2}»", "password: «weak»",
                     "your password is «dragon»"});
}

TEST(Value, ParenthesesBehindWhatIsNoNameAreNoCall) {
  EXPECT_EQ(redact("sqlplus scott/Tig3r99x@(DESCRIPTION=(ADDRESS=))").find("Tig3r99x"),
            std::string::npos);
  EXPECT_EQ(redact("password=Tig3r99x(ab)").find("Tig3r99x"), std::string::npos);
  for (const char* call : {"password=b64decode(x)", "token = getAPIKey(x)", "password: a.b64(x)"})
    EXPECT_EQ(redact(call), call);
}

TEST(Value, CallsThatABlankCutsOffAreCode) {
  expect_all_kept({"token = serializer.loads(value, max_age=3600)",
                   "const token = jwt.sign({ id: user.id }, secret, { expiresIn: '1h' });",
                   "let token = Token::new(kind, span);", "token = uuid.uuid4().hex",
                   "password = fake.password(length=12, digits=True)",
                   R"(master_password = jsondecode(data.x.creds.secret_string)["password"])"});
  expect_all_masked({"token = «Token(value={alnum:24}», expires=12)",
                     "token=«Token(value={alpha:24}», expires=12)",
                     "password = «summer(rain», and more)", "password = «my.pass({alnum:8}», x)",
                     "password = «my.make(word={alnum:12}», x)", "password = «my.pass(word», x",
                     "password = «{alnum:8}({» x"});
}

TEST(Value, CommandsOfTheShellStay) {
  expect_all_kept({"PASSWORD=`pwgen -s 24 1`", "PASSWORD=`cat /run/secrets/db`",
                   R"(export DB_PASSWORD=`kubectl get secret db -o go-template='{{ .data.x }}'`)"});
  expect_all_masked({"PASSWORD=`«echo {alnum:12}»`", "password: `«cat /{alnum:12}»`",
                     "PASSWORD=`«head over heels»`", "PASSWORD=`«{alnum:12}»`"});
}

TEST(Value, MasksOfOtherToolsThatShowSomethingStay) {
  expect_all_kept(
      {"api_key=sk-***{alnum:4}", "api_key: sk-proj-********************{alnum:4}",
       "token: ghp_****{alnum:4}", "api_key=****{alnum:4}", "token=ghp_********",
       "GET /cb?token=%5BFILTERED%5D&x=1", "GET /login?next=%2Ftree%3Ftoken%3D%5Bsecret%5D",
       "GET /cb?password=%2A%2A%2A%2A&x=1", "password: ●●●●●●",
       R"({"password":"\u2022\u2022\u2022\u2022"})",
       R"({"log":"{\"m\":\"password: \\u25cf\\u25cf\\u25cf\\u25cf\"}"})", "secret: [not set]",
       "password: ~", R"(<add key="ClientSecret" value="#{ClientSecret}#" />)",
       "password: SecretStr", R"(@pytest.mark.parametrize("token", [None, "", "invalid"]))"});
  expect_all_masked({"password=«{alnum:8}***{alnum:4}»", "password=«****{alnum:6}»",
                     "password=«sk-{alnum:8}****{alnum:2}»", "password=«***{alnum:3}***{alnum:3}»",
                     "password=«abc***»", "password: «~{alnum:8}»",
                     "GET /cb?token=«%5B{alnum:20}%5D»&x=1",
                     "GET /cb?password=«%2A%2A{alnum:8}»&x=1", "password: «●{alnum:8}»",
                     "password: «#{Secret}#{alnum:8}»", "password: «SecretStr{digits:2}»",
                     R"(password: "«SecretStr»")"});
}

TEST(Value, TagsInQuotesArePlaceholders) {
  expect_all_kept({R"({'message': '-H "PRIVATE-TOKEN: <your_access_token>"', 'code': 3})",
                   R"({'message': 'I fill in "Password" with "<password>"', 'code': 3})",
                   "note (Server=db;User Id=app;Password=******;) seen"});
  expect_all_masked({R"('<password>"«{alnum:12}, x»)",
                     R"({'m': '"<password>«{alnum:12}»</password>"'})",
                     R"(<password>"«', {alnum:12}</password>»)"});
}

TEST(Value, MasksInGroupsAndBeginningsOfTokensStay) {
  expect_all_kept({"license key: XXXXX-XXXXX-XXXXX-XXXXX", "api key: ****-****-****-{alnum:4}",
                   "Authorization: Bearer eyJ...", "Authorization: Bearer eyJhbGci...",
                   "token=eyJ*** user=bob", R"({"password":"--redacted--"})",
                   R"x({"password":"******* (hidden)"})x", "password=Optional.empty",
                   "POST https://api.telegram.org/bot<token>/sendMessage"});
  expect_all_masked({"license key: «XXXXX-{upper:5}-{upper:5}-{digits:5}»",
                     "password=«****-{alnum:8}»", "password=«x-x-x-{alnum:4}»",
                     "password=«--{alnum:8}--»", "password=«-hunter{digits:2}-»",
                     "password=«eyJ{alnum:16}***»", "<a>bot<token>«/{alnum:12}»</token></a>"});
}

TEST(Value, SwitchesAndCommentsOfColumnsStay) {
  expect_all_kept(
      {R"x(password = click.prompt("Password", hide_input=True))x",
       R"x(password = Application.get_env(:app, :password))x",
       "COMMENT ON COLUMN users.password IS 'bcrypt hash';",
       "null_resource.rotate_password: Provisioning with 'local-exec'...",
       "passwd: pam_pwquality(passwd:chauthtok): pam_get_authtok_verify returned error"});
  expect_all_masked({"password=«hide_input=True»", "WHERE users.password = '«{alnum:12}»'",
                     "password: «pam_{alnum:8}»", "db_password: «Plan» to rule"});
}

TEST(Value, WhatDocumentationHasInPlaceOfATokenStays) {
  expect_all_kept({"GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                   "aws_access_key_id = AKIAXXXXXXXXXXXXXXXX",
                   "use glpat-xxxxxxxxxxxxxxxxxxxx here",
                   "api_key: sk-ant-api03-xxxxxxxxxxxxxxxxxxxxxxxx"});
  expect_all_masked({"GITHUB_TOKEN=«ghp_{alnum:8}xxxxxxxxxxxxxxxxxxxxxxxxxxxx»",
                     "api_key: «sk-{alnum:12}xxxxxxxxxxxx»", "password=«{alnum:4}xxxxxxxxxxxxxx»",
                     "GITHUB_TOKEN=«ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{alnum:1}z»"});
}

TEST(Value, NamesOfRowsAndClustersAreNoKeys) {
  expect_all_kept({"partition_key=a#1 sort_key=2026-11-13#{digits:2}{upper:24}",
                   R"({"initial-cluster-token":"etcd-cluster-1"})",
                   R"("update_password": "always")", "update_password=on_create"});
  expect_all_masked({"sorted_key=«{alnum:32}»", "cluster-token: «{alnum:24}»",
                     R"("update_password": "«{alnum:12}»")", "password=«always»",
                     R"("password": "«on_create»")"});
}

TEST(Value, NamesOfWhereASecretIsKeptStay) {
  expect_all_kept(
      {R"({"password":"arn:aws:secretsmanager:eu-west-1:{digits:12}:secret:db-{alnum:6}"})",
       R"({"password":"arn:aws:ssm:eu-west-1:{digits:12}:parameter/app/db"})",
       R"({"password":"projects/{digits:12}/secrets/db/versions/latest"})",
       R"({"password":"file:/run/secrets/db"})", R"({"password":"env:DB_PASSWORD"})",
       R"x({"password":"@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/db/)"})x"});
  expect_all_masked({R"({"password":"«env:{alnum:12}»"})", R"({"password":"«file:{alnum:12}»"})",
                     R"({"password":"«arn:{alnum:12}»"})"});
}

TEST(Value, StatesAndMasksOfOtherToolsStay) {
  expect_all_kept({"password=disabled", "password: [secure]",
                   "LoginForm { password: Secret([REDACTED alloc::string::String]) }",
                   R"(-> http.request.header.authorization: Slice(["****"]))",
                   R"({"password":["This field may not be blank."]})",
                   "{'password': ['This password is too short.', 'This password is too common.']}",
                   "errors={password=must not be blank, email=must be an address}",
                   "reason = Invalid password : server = 10.0.0.1 : user = bob"});
}

TEST(Value, InListsThatCollectorsPrint) {
  expect_all_masked({R"(-> http.request.header.x-api-key: Slice(["«{alnum:24}»"]))",
                     R"(-> http.request.header.authorization: Slice(["Bearer «{alnum:30}»"]))",
                     "password: Secret(«{alnum:12}»)"});
}

TEST(Value, StatesInLogfmtStay) {
  expect_all_kept({"password=missing user=bob", "password=ok user=bob", "secret=found name=db",
                   "password=expired user=bob", "password=stdin", "Authorization: Bearer (empty)",
                   "password: **REDACTED**", "password: [**REDACTED**]",
                   R"(password: "[CENSORED]")", "password: (unchanged)"});
  expect_all_masked({"password=«missing{digits:2}» user=bob", "password: «[{alnum:12}]»"});
}

TEST(Value, PlacesThatASchemeNamesStay) {
  expect_all_kept({"password: ${env:DB_PASSWORD}", "password: ${file:/run/secrets/db}",
                   "password: ${ssm:/shop/db}", "password: ssm:/shop/db",
                   "Password: '{{resolve:secretsmanager:shop:SecretString:password}}'",
                   "password: '%env(resolve:DB_PASSWORD)%'", "password: __DB_PASSWORD__",
                   R"(password: "@@DB_PASSWORD@@")", "password: YOUR_PASSWORD_HERE"});
  expect_all_masked({"password=«${env:DB_PASSWORD:-{alnum:12}}»", "password: «__{alnum:12}__»",
                     R"(password: "«{{resolve:ssm:db}}{alnum:12}}}»")",
                     R"(password: "«${file:/run/db}{alnum:12}}»")",
                     R"(password: "«%env(DB)%{alnum:12})%»")"});
}

TEST(Value, MembersAndCallsOfCodeStay) {
  expect_all_kept({"password = random_password.db.result", "password: DataTypes.STRING,",
                   "password: import.meta.env.VITE_PW,", "password: ENV['PW']",
                   "password: i18n.t('password'),", R"("password": t("form.password"),)"});
}

TEST(Value, InObjectsThatTellItsTypeFirst) {
  expect_all_masked(
      {R"("adminPassword": {"type": "SecureString", "value": "«{alnum:12}»"})",
       R"({"db_password":{"sensitive":true,"type":"string","value":"«{alnum:5}»"},"url":{"value":"x"}})",
       R"({"m":"\"db_password\": {\n  \"sensitive\": true,\n  \"type\": \"string\",\n  \"value\": \"«{alnum:12}»\"\n}"})",
       R"({"password":{"plaintext":"«{alnum:12}»","algo":"none"}})"});
  expect_kept(R"({"password":{"type":"string","description":"at least 8 characters"}})");
}

TEST(Value, BehindTheWordsOfPrintersBeforeAQuote) {
  expect_all_masked({R"( $ password: chr "«{alnum:12}»")", R"(token = Just "«{alnum:32}»", x = 1)",
                     R"(user = 0x55d0a8b2 "bob", password = 0x55d0a8b2 "«{alnum:12}»"})",
                     R"("password": string("«{alnum:12}»"),)"});
}

TEST(Value, BehindMarksOfEmphasis) {
  expect_all_masked({"**Password:** «{digits:1}{alnum:11}»", "__Password:__ «{digits:1}{alnum:11}»",
                     "<b>Password:</b> «{digits:1}{alnum:11}»<br/>",
                     "<b>Password:</b> <code>«{digits:1}{alnum:11}»</code>",
                     "<strong>Password</strong>: «{digits:1}{alnum:11}»</p>",
                     "<b>Password</b>: <code>«{digits:1}{alnum:11}»</code>",
                     "<li>Password: <code>«{digits:1}{alnum:11}»</code></li>",
                     "Password: <span class=\"x\">«{digits:1}{alnum:11}»</span>",
                     "<th>Password:</th><td>«{digits:1}{alnum:11}»</td>"});
  expect_all_kept({"**Password:** required", "<b>Password:</b></p>", "password:** ok",
                   "<code>password</code>: string", "<p>password: <b>required</b></p>",
                   "<label>Password:</label> <input name=\"pw\">",
                   "Password: <input type=\"password\" value=\"\">"});
}

TEST(Value, BehindWordsThatTellOfAValue) {
  expect_all_masked(
      {"Loaded DB_PASSWORD from .env with value «{digits:1}{alnum:11}»",
       "Found key 'db.password' in [env] with type [String] and value '«{digits:1}{alnum:11}»'",
       R"(ValidationError: "password" with value "«{digits:1}{alnum:11}»" fails to match)",
       "api key for prod = «{alnum:32}»", "Passwort für bob: «{digits:1}{alnum:11}»"});
  expect_all_kept({"password from the vault with value", "password in db and value is unset",
                   "api key for prod = none"});
}

TEST(Value, WhatIsTakenWhenNothingIsSet) {
  expect_all_masked({"const secret = process.env.JWT_SECRET || '«{alnum:16}»';",
                     R"(const secret = process.env.JWT_SECRET ?? "«{alnum:16}»";)",
                     R"(val password = System.getenv("DB_PASSWORD") ?: "«{alnum:16}»")"});
  expect_kept("const secret = process.env.JWT_SECRET || '';");
}

TEST(Value, BothOfTwoThatAreCompared) {
  expect_all_masked({"expected password '«{digits:1}{alnum:11}»' but got '«{digits:1}{alnum:11}»'",
                     "changed password from «{digits:1}{alnum:11}» to «{digits:1}{alnum:11}»",
                     "changed password '«{digits:1}{alnum:11}»' to '«{digits:1}{alnum:11}»'",
                     "SET PASSWORD FROM '«{digits:1}{alnum:11}»' TO '«{digits:1}{alnum:11}»'"});
  expect_all_masked({"sent password '«{digits:1}{alnum:11}»' to 'bob2@example.com'"});
}

TEST(Value, WithBlanksInAQuotedAssignment) {
  expect_all_masked({R"(docker run -e "DB_PASSWORD=«{alnum:6} {alnum:6}»" -p 1:1 db)",
                     R"(Environment="DB_PASSWORD=«{alnum:6} {alnum:6}»")",
                     "+ export 'DB_PASSWORD=«{alnum:6} {alnum:6}»'"});
  expect_all_masked({R"(log -m "DB_PASSWORD=«{alnum:12}» was set")",
                     R"(docker run -e "DB_PASSWORD=«{alnum:12}» X=1" db)",
                     R"(docker run -e "DB_PASSWORD=«{alnum:12}» db)"});
}

TEST(Value, WithBlanksInAnArrayOfPhp) {
  expect_all_masked({"    [password] => «{alnum:6} {alnum:6}»",
                     "Array ( [password] => «{alnum:6} {alnum:6}» [db] => shop )",
                     "Array ( [db] => shop [password] => «{alnum:6} {alnum:6}» )"});
}

TEST(Value, WithBlanksInTheBracesOfOdbc) {
  expect_all_masked({"SERVER=db;UID=bob;PWD={«{alnum:6}; {alnum:6}»};X=1"});
}

TEST(Value, InTheOnlyCellBehindItsName) {
  expect_all_masked({"password | «{digits:1}{alnum:11}»",
                     "<134>Mar  2 10:22:11 db app[1]: password | «{digits:1}{alnum:11}»",
                     "│ 0 │ 'password' │ '«{digits:1}{alnum:11}»' │"});
  expect_all_kept({"password | hint", "app[1]: password | created_at2 | email"});
}

TEST(Value, InEntitiesBehindAnArrow) {
  expect_all_masked({"&quot;password&quot; =&gt; &quot;«{alnum:12}»&quot;",
                     "auth(password=b&apos;«{alnum:12}»&apos;)</Data>"});
}

TEST(Value, InBracketsBehindABlank) {
  for (const char* source :
       {"Received token [«{alnum:40}»]", "Session for id token [«{hex:40}»] has expired.",
        "Replacing Password Reset Token [«{uuid}»] with new token [«{uuid}»] for user [5]",
        "with apiKey [«{alnum:32}»], device [x]", "newPassword [«{digits:1}{alnum:11}»]",
        "API key («{alnum:32}») is unknown", "ssh: user(bob), dbPassword («{digits:1}{alnum:11}»)",
        "Token <«{alnum:32}»> has expired"})
    expect_exactly_masked(source);
  expect_no_secret_left("ssid <home> password <«{digits:1}{alnum:11}»> type 3");
  for (const char* source :
       {"token [expired]", "Unexpected token [identifier] at 12", "token [type=bearer, n=1]",
        "newPassword [confirmed]", "Password [bob]: ", "secret [my-app-tls-certificate] created",
        "token <string> is no number", "API key (see the documentation)",
        "secret (default/web-tls-secret-2024)", "password (8 characters)",
        "Usage: htpasswd [-cimBdpsDv] [-C cost] passwordfile username",
        "api key [{alnum:20}] has been invalidated"})
    expect_kept(source);
}

TEST(Value, BehindTheColonOfASentence) {
  for (const char* source : {"Token retrieved: «{alnum:32}»", "FCM token received: «{alnum:40}»",
                             "Password has been reset to: «{digits:1}{alnum:11}»",
                             "password set to: «{digits:1}{alnum:11}»"})
    expect_exactly_masked(source);
  for (const char* source : {"token retrieved: ok", "access token received: true",
                             "password set to: none", "password has been reset to: default"})
    expect_kept(source);
}

TEST(Value, ChannelsOfPlaywrightStay) {
  expect_all_kept({"pw:api => page.goto started", "2026-03-02T10:22:11Z pw:browser [pid=7] up"});
  expect_exactly_masked("pw:«api{digits:4}»");
}

TEST(Value, APhraseEndsBeforeAWordThatGoesOnWithOtherBytes) {
  expect_exactly_masked(
      "mnemonic: «able cat about dog absorb sun absurd ice access fox across actor» node-7 up");
}

TEST(Value, NamesOfTestsStayBehindTheirResult) {
  expect_all_kept({"PASS: gdb.base/assign_1.exp: set x to 1",
                   "XPASS: gcc.c-torture/compile/20000105-1.c   -O0", "PASS: test-sha1",
                   "PASS: elf/tst-tls1", "PASS: test-c32.sh", "pass:12 fail:3",
                   "pass=763, failed=0"});
  expect_all_masked({"PASS: «{alnum:12}»", "PASS: «{digits:1}{alnum:6}/{digits:1}{alnum:6}»",
                     "PASS: «test-{digits:1}{alnum:14}»", "pass:«{digits:6}» user:12"});
}

TEST(Value, WhoCouldNotLogInStays) {
  expect_all_kept({"Invalid password for user: bob1234", "wrong password for account: acct98x7",
                   "Invalid password for user: 'bob1234x'", "invalid token for user: {hex:16}"});
  expect_all_masked({"Generated password for user: «{alnum:12}»",
                     "Invalid password for user bob: «{digits:1}{alnum:11}»",
                     "Invalid password for user: bob: «{digits:1}{alnum:11}»",
                     "Invalid password: «{digits:1}{alnum:11}»"});
}

TEST(Value, NamesThatKubernetesPrintsStay) {
  expect_all_kept({"references non-existent secret key: tls-internal-1",
                   R"(kube_secret_info{namespace="x",secret="web-tls-9f8e7d"} 1)"});
  expect_all_masked(
      {R"(login{user="x",secret="«{alnum:12}»"} 1)", "the secret key: «{digits:1}{alnum:11}»"});
}

TEST(Value, WhatToolsReportStays) {
  expect_all_kept({"ERROR: Wrong password : data.7z",
                   "'Cipher key': '512 bits'",
                   "ii  passwd    1:4.13+dfsg1-1+deb12u1   amd64",
                   "/etc/passwd:3:daemon",
                   "identityToken -> {alnum:21}|7a35d387, x -> 1",
                   "  Setting token to filter:3239235440",
                   "filter = keystonemiddleware.auth_token:filter_factory",
                   "alias: x86cpu:vendor:*:family:*:model:*:feature:*0099*",
                   "  --some-api-key, --some_api_key API_KEY",
                   "  -keypass val           Key's password",
                   "now accept --password for keys",
                   "with --hide-secret flag. Please",
                   "grep -Pw 'x{digits:9}' f",
                   "pkcs11:token=Root%20CA%20Certificates;serial=1%3AROOTS",
                   "if the passphrase is requested.",
                   "rm: cannot remove `/etc/passwd': Not a directory",
                   "rm: cannot remove '/tmp/secret': Operation not permitted",
                   "stat '/srv/app/password': input/output error",
                   R"("SandboxKey": "/var/run/docker/netns/0a9908c68f05",)",
                   "mysql --password -u root",
                   "mysql --password --user root",
                   "Extended master secret: no.",
                   "use expect_passphrase=False. It is",
                   "x.exp: pass=0: continue",
                   "x.exp: pass=12: continue",
                   "passwd: winbind files",
                   "#passwd:    db files nisplus",
                   "PWD=/run/docker/libcontainerd/{hex:64}",
                   "PWD=/builds/group/project_{hex:16}",
                   "cc -frandom-seed={alnum:20}",
                   "cc -frandom-seed=-{alnum:19}",
                   "\"key\": \"AAAAC3NzaC1lZDI1NTE5AAAAI{alnum:43}\"",
                   "key: AAAAB3NzaC1yc2EAAAADAQABAAABAQC{alnum:200}"});
  expect_all_masked({"Wrong password : «{digits:1}{alnum:11}»", "passwd: «winbind» x",
                     "pass=«{digits:4}:»", "identityToken: «{digits:1}{alnum:20}» x",
                     "x.auth_token:«{digits:1}{alnum:20}»", "*:*:*:app:«{alnum:14}»",
                     "--api-key «{digits:1}{alnum:20}»", "mysql --password «winter»  shop",
                     "app --password «{alnum:12}»  x", "plink -pw «{digits:1}{alnum:9}» host",
                     "vault:token=«{digits:1}{alnum:20}»", "PWD=«/{alnum:20}/{alnum:20}»",
                     "'Cipher key': '«{alnum:24}»'", "passwd «{digits:1}{alnum:11}» x",
                     "mysql --password «-{digits:1}{alnum:7}» db",
                     "secret: «{digits:1}{alnum:11}.»", "app --seed=«{digits:1}{alnum:20}»",
                     "\"key\": \"«AAAAC3NzaC1lZDI1NTE5AAAAI{alnum:130}»\""});
}

TEST(Value, OfAPasswordThatIsAWordWithSignsIsNoCode) {
  for (const char* line : {"password=\u00e9x7", "password=summer[24]", "password: winter[7]",
                           "password=@DRAGON@", "DB_PASSWORD=Secret<tiger"})
    EXPECT_NE(redact(line).find("[REDACTED:password]"), std::string::npos) << line;
  expect_all_kept({"PASS=\"\u2713\"", "password = parts[1]", "password: @DB_PASSWORD@",
                   "password: Secret<String>,"});
}

TEST(Value, OfACodeBeforeTheWordsThatNameIt) {
  expect_all_masked({"«{digits:6}» is your login code", "Use it: «{digits:6}» IS YOUR OTP",
                     "G-«{digits:6}» is your Google verification code",
                     "12:00:01 «{digits:3}-{digits:3}» is your 2FA code.",
                     "{\"body\":\"<#> «{digits:6}» is your code\"}"});
  expect_all_kept({"room 4821 is your room", "v1.2048 is your code", "2026-11-28 is your code day",
                   "10 is your code", "0x482913 is your code", "482913 was your code"});
}

TEST(Value, MessagesOfValidationStayInOtherLanguages) {
  expect_all_kept(
      {R"({"password":"This value should not be blank."})",
       R"({"errors":{"password":["Das Passwort muss mindestens {digits:1} Zeichen lang sein."]}})",
       R"({"password":"Dieses Feld ist erforderlich."})",
       R"({"password":"Le mot de passe doit contenir au moins 12 caractères."})",
       R"({"password":"Ce champ est obligatoire."})",
       R"({"password":"La contraseña debe tener al menos 8 caracteres"})",
       R"({"password":"A senha deve ter no mínimo 8 caracteres."})",
       R"({"password":"Пароль должен содержать не менее 8 символов."})",
       R"({"password":"密码长度必须至少为8个字符"})",
       R"({"password":"パスワードは8文字以上で入力してください。"})",
       R"("password": "The password chosen by the user when they signed up.")",
       "Passwort: falsch",
       "Mot de passe : obligatoire",
       "Senha: obrigatória",
       "Wachtwoord: verplicht",
       "Пароль: неверный",
       "Пароль: обязательное поле",
       "密码：必填",
       "密码: 不能为空",
       "パスワード: 必須項目です",
       "비밀번호: 필수 항목입니다",
       R"({"m":"\u5bc6\u7801\uff1a\u5fc5\u586b"})",
       R"({"password":"Le mot de passe doit contenir au moins 12 caract\u00e8res."})",
       R"({"m":"{\"password\":\"\\u5bc6\\u7801\\u4e0d\\u80fd\\u4e3a\\u7a7a\"}"})"});
  expect_all_masked({R"({"password":"«Mein {alnum:8} Passwort»"})",
                     R"({"password":"«The Winter Garden {digits:2}»"})",
                     R"({"password":"«My Secret Winter Password»"})",
                     R"({"password":"«Should {digits:1}{alpha:7} be winter»"})",
                     R"({"password":"«correct horse battery staple»"})",
                     R"({"password":"«Winter muss her»"})", "Passwort: «winter»",
                     "Пароль: «привет»", "密码：«北京{digits:4}»", "密码：«必填{alnum:8}»",
                     R"({"password":"«\u5fc5\u586b{digits:1}{alnum:8}»"})",
                     R"({"password":"«\u0041{alnum:8}\u0042»"})"});
}

TEST(Value, WhatSentencesSayOfAPasswordStays) {
  expect_all_kept(
      {"If the password is lost, you can reset it", "no password is defined for bob",
       "the password is shorter than 8 characters", "the password is chosen by the user",
       "the password is kept in memory", "the password is copied to your clipboard for 5 seconds",
       "when the secret is expiring soon enough", "If the secret is wrapped, return it",
       "Password: managed by your organization", "Password: hashed with argon2id (m=65536)",
       "tests=SPF_HELO_PASS=-0.001, SPF_PASS=-0.001 autolearn=ham", "PASS=\"✓\"",
       "(`OPENAI_API_KEY`, `ANTHROPIC_API_KEY`)"});
  expect_all_masked({"the password is «winter»", "the password is «lost-{alnum:8}»",
                     "the password is «chosen-one»", "the password is «wicked»",
                     "password: «wicked» for bob", "the password is «twisted», bob",
                     "DB_PASS=«0.{digits:6}»", "DB_PASS=«{digits:2}.{digits:3}»",
                     "api_key=«HUNTER_AND_WINTER»"});
}

TEST(Value, NamesThatCloudsAndPackagesHaveStay) {
  expect_all_kept(
      {"Install: python3-jwt:amd64 (2.6.0-1, automatic), libfoo:amd64 (1.2)",
       "Setting up libauth-token:i386 (1.0)", R"("Sid": "S3ServerAccessLogsPolicy",)",
       R"("encryptionKey": "arn:aws:kms:us-west-2:{digits:12}:key/{uuid}",)",
       "ssh_host_key: SHA256:{base64:43}", R"(secret "kube-proxy-token-x7k2p" not found)",
       R"("credentials":{"sessionToken":"HIDDEN_DUE_TO_SECURITY_REASONS"})",
       R"("password": "NOT_LOGGING_PASSWORD",)",
       R"("identity:get_credential": "rule:admin_required")", "password: @DB_PASSWORD@",
       "token=[token]", "'{{resolve:secretsmanager:${DbSecret}:SecretString:password}}'",
       R"(User-Password = "%{string:User-Password}")"});
  expect_all_masked({"token:«{digits:1}{alnum:20}»", R"("sid": "«{base64url:32}»")",
                     R"("encryptionKey": "«{digits:1}{alnum:31}»")",
                     "host_key: «{digits:1}{base64:42}»", "credentials: bob:«wint{digits:2}»",
                     "credentials: rule:«w1nt{digits:2}»", "password: «@{alnum:8}@»",
                     "token=«[{digits:1}{alnum:20}]»"});
}

TEST(Value, ExpressionsOfCodeStay) {
  expect_all_kept({"var token = tokens[i];",
                   "token = parts[1]",
                   "ret[token] = grammar[token];",
                   "e.token=function(){return 1}",
                   "n.secret=!0,b=1",
                   "({password:!1,user:n})",
                   "$password = Hash::make($request->input('password'));",
                   "$token = JWT::encode($payload, $key, 'HS256');",
                   R"(password = base64.b64decode(secret.data["password"]).decode())",
                   "@token = JsonWebToken.encode(user_id: user.id)",
                   R"(let token = UserDefaults.standard.string(forKey: "token"))",
                   "const token = req.headers.authorization?.split(' ')[1];",
                   R"(secret = client.kv.v2.read_secret_version(path="app"))",
                   R"(password = models.CharField(_("password"), max_length=128))",
                   "password: FormControl<string>;",
                   "password: credentials?.password,",
                   "password: e.target.value,",
                   "val token: String? = null",
                   "char[] password = new char[16];",
                   R"("may_change_password":   boolean,)",
                   "api_key: !env_var API_KEY",
                   "password: $__file{/run/secrets/pw}",
                   R"(password: "#{ENV['X']}")",
                   "hasAccessToken: !!accessToken,",
                   R"(url+"?token="+encodeURIComponent(t))",
                   R"("&password="+e.password+"&token="+e.token)",
                   R"(e.headers.Authorization="Bearer "+t.token)",
                   "pwd=input('Enter: ')",
                   "keyPassword = props['keyPassword']",
                   "{ uid, token, new_password: newPassword });",
                   "    password: Option<String>,",
                   "def f(self, private_key: Ed25519PrivateKey):",
                   "token = createToken(user, secret)",
                   "networkPassphrase: payment.networkPassphrase,",
                   "mysql --user=root --password= --silent",
                   "[--token <jwt>] [--endpoint <url>]",
                   "error: --secret value not given"});
  expect_all_masked({"token = «{digits:1}{alnum:20}[1]»", "password=«!!{alnum:12}»",
                     "secret=«!{alnum:12}»", "password = «my.pass(word», x",
                     "password = «{digits:1}{alnum:11}:» x", "password = «newer»",
                     "password = «Summer[{digits:2}]»", "password = «summer[{digits:4}]»",
                     R"(password: "«#{{digits:1}{alnum:11}»")", R"(password="«+{alnum:12}»")",
                     "it's password='«+{alnum:12}»'", "keyPassword = «{digits:1}{alnum:11}»",
                     "password: «winter»<br>", "new_password: «newWinter» });",
                     "app --password= «winter-{alnum:6}»", "<password>«]{alnum:12}»</password>",
                     "password: «{digits:2}»"});
}

TEST(Value, LabelsOfTranslationsInPhpStay) {
  expect_all_kept({"$lang['password'] = 'Passwort';", "$labels['password'] = 'Contraseña';",
                   "'password' => 'Mot de passe',", "'newpassword'   => 'Neues Passwort:',"});
  expect_all_masked({"$config['password'] = '«Passwort»';", "'password' => '«{alnum:12}»',",
                     "'DB_PASSWORD' => '«Password»',"});
}

TEST(Value, BehindANameThatTheKeyEndsAndABlank) {
  expect_all_masked(
      {"mqttPassword «{digits:1}{alnum:11}»", "using db_password «{digits:1}{alnum:11}»",
       "db-password   «{digits:1}{alnum:11}»", "smtp.password \"«{digits:1}{alnum:11}»\";",
       "DB_PASSWORD                    «{digits:1}{alnum:11}»",
       R"({"m":"invalid botToken \"«{alnum:32}»\""})"});
  expect_all_kept(
      {"    at validatePassword (auth2.js:12:7)", "POST /reset-password 4f0c3a9e9f 200",
       "  hello-password hmac-md5 encrypted",
       "FailedToRetrieveImagePullSecret  shop-7d9f8c6b5d-x2k4q1h8  Unable to retrieve"});
}

TEST(Value, BehindAColonInBold) {
  expect_all_masked({"\x1b[1mPassword:\x1b[0m «{digits:1}{alnum:11}»",
                     R"({"m":"\u001b[1mapi_key:\u001b[0m «{alnum:32}»"})"});
  expect_all_kept({"\x1b[1mPassword:\x1b[0m required", "password=\x1b[0m next"});
}

TEST(Value, PasswordsThatEndInAnAtSignAreNoObjects) {
  expect_all_masked({"密码: «Winter{digits:2}@»", "password is \"«Winter{digits:2}@»\"",
                     "Invalid password \"«Winter@{digits:2}»\""});
  expect_all_kept({"密码: Config@1f2e3d4c"});
}

TEST(Value, InQuotesThatNginxEscapedWithinJson) {
  expect_all_masked({R"({"log":"{\\x22api_key\\x22:\\x22«{alnum:32}»\\x22,\\x22n\\x22:1}"})"});
}

TEST(Value, BehindMoreTypesAndWords) {
  expect_all_masked({"password *string = \"«{digits:1}{alnum:11}»\"",
                     "password:String=\"«{digits:1}{alnum:11}»\"",

                     "parameter DB_PASSWORD, value=«{digits:1}{alnum:11}»",
                     "field=password value=«{digits:1}{alnum:11}»",
                     "session[:access_token] = \"«{hex:64}»\"",
                     "{default_pass, <<\"«{digits:1}{alnum:11}»\">>}",
                     R"({"OptionName":"DB_PASSWORD","Namespace":"x","Value":"«{alnum:16}»"})"});
  expect_all_kept({"password, value=string", "token expired for node"});
}

TEST(Value, BoundToTheColumnOfAPassword) {
  expect_all_masked(
      {R"(query: INSERT INTO "user"("email", "password") VALUES ($1, $2) -- PARAMETERS: ["a@x.com","«{alnum:12}»"])",
       R"({"m":"insert into t (n, api_token) values (?, ?) params: [1, \"«{alnum:40}»\"]"})"});
  expect_all_kept(
      {R"(INSERT INTO t (email, password) VALUES ($1, $2) -- PARAMETERS: ["a@x.com",null])",
       R"(INSERT INTO t (email, name) VALUES ($1, $2) -- PARAMETERS: ["a@x.com","bob"])"});
}

TEST(Value, AListThatIsCutOffEndsNothing) {
  expect_no_secret_left(R"({"m":"{\"VAULT_TOKEN\", \"«{digits:1}{alnum:7}»")");
}

TEST(Value, AnObjectThatIsCutOffBehindItsTypeEndsNothing) {
  expect_all_kept({R"({"admin_password":{"sensitive":true,)",
                   R"({"admin_password":{"sensitive":true,"})",
                   R"({"admin_password":{"sensitive":true,"type":"string",)",
                   R"({"name":"db_password","slotSetting":false,)",
                   R"({"admin_password":{"sensitive":true,"})"});
}

TEST(Value, EveryOneOfSeveralCodes) {
  expect_all_masked({"Backup codes: «{digits:8}», «{digits:8}», «{digits:8}»"});
}

}  // namespace
}  // namespace redactd::test
