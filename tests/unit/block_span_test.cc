// Private keys over many lines. Templates stand for the key material: no key is in this file.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/testing/expect.h"

namespace redactd::test {
namespace {

const std::string kBegin =
    "-----BEGIN RSA PRIVATE"
    " KEY-----";
const std::string kEnd =
    "-----END RSA PRIVATE"
    " KEY-----";

std::vector<std::string> body(size_t lines, size_t last = 20) {
  std::vector<std::string> all;
  for (size_t i = 0; i < lines; ++i) {
    std::string width = std::to_string(i + 1 == lines ? last : 64);
    all.push_back(fill("{base64:" + width + "}", std::to_string(i)).text);
  }
  return all;
}

/// The key as a program prints it: `before` and `after` on every line.
std::string printed(const std::vector<std::string>& lines, const std::string& before,
                    const std::string& after, const std::string& begin = kBegin,
                    const std::string& end = kEnd) {
  std::string text = before + begin + after;
  for (const std::string& line : lines) text += before + line + after;
  return text + before + end + after;
}

void expect_no_line_left(const std::string& redacted, const std::vector<std::string>& lines) {
  for (const std::string& line : lines)
    EXPECT_EQ(redacted.find(line), std::string::npos) << line << "\n  in\n" << redacted;
}

TEST(Block, EveryLineIsMaskedAndNoneIsDropped) {
  std::vector<std::string> lines = body(25);
  std::string text = "before\n" + printed(lines, "", "\n") + "after\n";
  std::string redacted = redact(text);
  expect_no_line_left(redacted, lines);
  EXPECT_EQ(count_of(redacted, "\n"), count_of(text, "\n"));
  EXPECT_TRUE(redacted.starts_with("before\n" + kBegin + "\n" + label("private-key") + "\n"))
      << redacted;
  EXPECT_TRUE(redacted.ends_with(label("private-key") + "\n" + kEnd + "\nafter\n")) << redacted;
}

TEST(Block, OfEveryKindOfKey) {
  for (const char* kind : {"", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "ANY "}) {
    std::vector<std::string> lines = body(4);
    std::string redacted =
        redact(printed(lines, "", "\n", "-----BEGIN " + std::string(kind) + "PRIVATE KEY-----",
                       "-----END " + std::string(kind) + "PRIVATE KEY-----"));
    expect_no_line_left(redacted, lines);
  }
  std::vector<std::string> lines = body(4);
  std::string pgp = redact("-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n" +
                           lines[0] + "\n" + lines[1] + "\n" + lines[2] + "\n" + lines[3] +
                           "\n=abCd\n-----END PGP PRIVATE KEY BLOCK-----\nafter\n");
  expect_no_line_left(pgp, lines);
  EXPECT_EQ(pgp.find("=abCd"), std::string::npos) << "the checksum";
  EXPECT_TRUE(pgp.ends_with("after\n"));
}

TEST(Block, HeadersInsideAreMaskedToo) {
  std::vector<std::string> lines = body(4);
  std::string text =
      kBegin +
      "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF\n\n";
  for (const std::string& line : lines) text += line + "\n";
  std::string redacted = redact(text + kEnd + "\n");
  expect_no_line_left(redacted, lines);
  EXPECT_EQ(redacted.find("0123456789ABCDEF"), std::string::npos);
}

TEST(Block, WithAPrefixOnEveryLine) {
  for (const char* prefix : {"2026-01-02T03:04:05Z INFO ", "  ", "\t", "[worker-1] ", "web_1  | ",
                             "2026-01-02T03:04:05.123456789Z stdout F ",
                             "Jan  2 03:04:05 host app[123]: ", "> ", "    key: "}) {
    std::vector<std::string> lines = body(6);
    std::string redacted = redact(printed(lines, prefix, "\n") + "after\n");
    expect_no_line_left(redacted, lines);
    EXPECT_EQ(count_of(redacted, std::string(prefix) + label("private-key")), 6u) << prefix << "\n"
                                                                                  << redacted;
    EXPECT_TRUE(redacted.ends_with("after\n"));
  }
}

TEST(Block, TimestampsThatRunOnKeepBeingPrefixes) {
  std::vector<std::string> lines = body(12);
  std::string text = "2026-01-02T03:04:59.998Z INFO " + kBegin + "\n";
  for (size_t i = 0; i < lines.size(); ++i)
    text += "2026-01-02T03:05:00." + std::to_string(100 + i) + "Z INFO " + lines[i] + "\n";
  std::string redacted = redact(text + "2026-01-02T03:05:01.000Z INFO " + kEnd + "\n");
  expect_no_line_left(redacted, lines);
  EXPECT_EQ(count_of(redacted, "2026-01-02T03:05:00."), lines.size());
}

TEST(Block, WithCarriageReturns) {
  std::vector<std::string> lines = body(6);
  std::string text = printed(lines, "", "\r\n");
  std::string redacted = redact(text);
  expect_no_line_left(redacted, lines);
  EXPECT_EQ(count_of(redacted, "\r\n"), count_of(text, "\r\n"));
}

TEST(Block, OnOneLineWithLiteralLineFeeds) {
  std::vector<std::string> lines = body(6);
  for (const char* feed : {"\\n", "\\r\\n", "\\\\n", " "}) {
    std::string redacted = redact("key=\"" + printed(lines, "", feed) + "\" x=1\nafter\n");
    expect_no_line_left(redacted, lines);
    EXPECT_TRUE(redacted.ends_with("\" x=1\nafter\n")) << redacted;
  }
}

TEST(Block, InsideJsonKeepsTheJsonValid) {
  std::vector<std::string> lines = body(6);
  nlohmann::json document = {{"tls.key", printed(lines, "", "\n")}, {"n", 1}};
  for (const std::string& text :
       {document.dump(), nlohmann::json{{"log", document.dump()}}.dump(),
        nlohmann::json{{"a", nlohmann::json{{"log", document.dump()}}.dump()}}.dump()}) {
    std::string redacted = redact(text + "\n");
    expect_no_line_left(redacted, lines);
    EXPECT_TRUE(nlohmann::json::accept(redacted)) << redacted;
  }
}

TEST(Block, InDockerJsonLines) {
  std::vector<std::string> lines = body(6);
  std::string text;
  auto add = [&text](const std::string& line) {
    text +=
        nlohmann::ordered_json{
            {"log", line + "\n"}, {"stream", "stdout"}, {"time", "2026-01-02T03:04:05.1Z"}}
            .dump() +
        "\n";
  };
  add(kBegin);
  for (const std::string& line : lines) add(line);
  add(kEnd);
  add("ordinary");
  std::string redacted = redact(text);
  expect_no_line_left(redacted, lines);
  size_t from = 0;
  for (size_t end = redacted.find('\n'); end != std::string::npos;
       from = end + 1, end = redacted.find('\n', from)) {
    EXPECT_TRUE(nlohmann::json::accept(redacted.substr(from, end - from)))
        << redacted.substr(from, end - from);
  }
  EXPECT_EQ(count_of(redacted, "\n"), count_of(text, "\n"));
  EXPECT_NE(redacted.find("ordinary"), std::string::npos);
}

TEST(Block, ThatIsNeverClosedDoesNotSwallowOrdinaryLines) {
  std::vector<std::string> lines = body(5);
  std::string ordinary;
  for (int i = 0; i < 200; ++i)
    ordinary +=
        "2026-01-02T03:04:05Z INFO request " + std::to_string(i) + " took 12 ms, status ok\n";
  std::string text = kBegin + "\n";
  for (const std::string& line : lines) text += line + "\n";
  std::string redacted = redact(text + ordinary);
  expect_no_line_left(redacted, lines);
  EXPECT_TRUE(redacted.ends_with(ordinary));
}

TEST(Block, ThatIsNeverClosedDoesNotSwallowOneWordLines) {
  std::string ordinary = "started\nready\nok\nfinished\nStopping\nDone\n";
  EXPECT_EQ(redact(kBegin + "\n" + ordinary), kBegin + "\n" + ordinary);
}

TEST(Block, ThatIsNeverClosedEndsAtItsBounds) {
  Rules rules = rules_from(R"(
rules:
  - id: key
    title: Key
    kind: block
    begin: '<<KEY>>'
    end: '<<END>>'
    max_lines: 10
    severity: high
    examples: ['<<KEY>>\n«{base64:64}»\n<<END>>']
)");
  std::vector<std::string> lines = body(30);
  std::string text = "<<KEY>>\n";
  for (const std::string& line : lines) text += line + "\n";
  std::string redacted = redact(text, rules);
  EXPECT_EQ(count_of(redacted, label("key")), 10u);
  EXPECT_EQ(count_of(redacted, "\n"), count_of(text, "\n"));
}

TEST(Block, InterleavedLinesOfOthersPassAndTheKeyDoesNot) {
  std::vector<std::string> lines = body(8);
  std::string text = kBegin + "\n";
  for (const std::string& line : lines) text += line + "\nGET /health 200 OK in 3 ms\n";
  std::string redacted = redact(text + kEnd + "\n");
  expect_no_line_left(redacted, lines);
  EXPECT_EQ(count_of(redacted, "GET /health 200 OK in 3 ms\n"), lines.size());
}

TEST(Block, CutOffAtTheEndOfTheStreamIsMasked) {
  std::vector<std::string> lines = body(5);
  std::string text = kBegin;
  for (const std::string& line : lines) text += "\n" + line;
  expect_no_line_left(redact(text), lines);
  std::string half = text.substr(0, text.size() - 10);
  EXPECT_EQ(redact(half).find(lines.back().substr(0, 10)), std::string::npos);
}

TEST(Block, TwoKeysInARow) {
  std::vector<std::string> lines = body(4);
  std::string key = printed(lines, "", "\n");
  std::string redacted = redact(key + "between the keys\n" + key + "after\n");
  expect_no_line_left(redacted, lines);
  EXPECT_NE(redacted.find("between the keys\n"), std::string::npos);
  EXPECT_TRUE(redacted.ends_with("after\n"));
}

TEST(Block, CertificatesAndPublicKeysStay) {
  for (const char* kind :
       {"CERTIFICATE", "PUBLIC KEY", "PGP PUBLIC KEY BLOCK", "CERTIFICATE REQUEST"}) {
    std::string text = printed(body(4), "", "\n", "-----BEGIN " + std::string(kind) + "-----",
                               "-----END " + std::string(kind) + "-----");
    EXPECT_EQ(redact(text), text);
  }
}

TEST(Block, AMarkerInASentenceOpensNothing) {
  expect_kept("expected a line with -----BEGIN PRIVATE KEY----- in it\nsome words\nand more\n");
}

TEST(Block, AMarkerThatAValueReachesIntoStays) {
  for (const std::string& marker : {kBegin, kEnd}) {
    const std::string once = redact("password=Zx81kQ9|" + marker + "|x\n");
    EXPECT_EQ(once, "password=[REDACTED:password]" + marker + "|x\n");
    EXPECT_EQ(redact(once), once);
  }
  const std::vector<std::string> lines = body(3);
  const std::string redacted = redact(printed(lines, "", "\n", "password=" + kBegin));
  EXPECT_TRUE(redacted.starts_with("password=" + kBegin + "\n")) << redacted;
  expect_no_line_left(redacted, lines);
}

TEST(Block, AMarkerThatASecretMayEndInEndsNone) {
  EXPECT_EQ(redact("password=Zx81kQ9235 2.7.0\n"), "password=[REDACTED:password] 2.7.0\n");
  EXPECT_EQ(redact("password=Zx81kQ9.type: x\n"), "password=[REDACTED:password] x\n");
}

TEST(Block, BehindItsBeginOnOneLineIsOpenForASecondPassToo) {
  const std::string text = kBegin + " " + body(1)[0] + "\na|" + body(1, 32)[0] + "\n";
  const std::string once = redact(text);
  EXPECT_EQ(once, kBegin + " [REDACTED:private-key]\na|[REDACTED:private-key]\n");
  const std::string next = "a|" + body(1, 32)[0] + "\n";
  EXPECT_EQ(redact(once + next), redact(text + next)) << "what follows is judged alike";
}

TEST(Block, OfHexadecimalEndsWithTheFirstOtherLine) {
  std::string line(80, '3');
  EXPECT_EQ(
      redact("a: $ANSIBLE_VAULT;1.1;AES256\na: " + line + "\na: 6466\na: image " + line + "\n"),
      "a: $ANSIBLE_VAULT;1.1;AES256\na: [REDACTED:ansible-vault]\na: [REDACTED:ansible-vault]\n"
      "a: image " +
          line + "\n");
}

TEST(Block, WithColoursAroundEveryLine) {
  std::vector<std::string> lines = body(6);
  for (const auto& [before, after] : std::vector<std::pair<std::string, std::string>>{
           {"\x1b[36mweb-3  | \x1b[0m", "\n"},
           {"\x1b[90m03:14:15\x1b[0m \x1b[32mINF\x1b[0m ", "\x1b[0m\n"},
           {"\x1b[31m", "\x1b[0m\n"},
           {"#033[36mweb-3  | #033[0m", "#033[0m\n"},
           {R"({"m":"\u001b[31m)", "\\u001b[0m\"}\n"}}) {
    std::string redacted = redact(printed(lines, before, after));
    expect_no_line_left(redacted, lines);
    EXPECT_EQ(count_of(redacted, before), 8U) << redacted;
    EXPECT_EQ(count_of(redacted, after), 8U) << redacted;
    EXPECT_EQ(redacted.find(lines[2].substr(0, 8)), std::string::npos) << redacted;
    EXPECT_EQ(redacted.find(lines[3].substr(50)), std::string::npos) << redacted;
  }
}

TEST(Block, AnAnnouncedPasswordBehindTheHeaderOfALog) {
  for (const char* source :
       {"2026-01-02T03:04:05.123Z stdout F Please use the following password to proceed to "
        "installation:\n2026-01-02T03:04:05.124Z stdout F \n2026-01-02T03:04:05.125Z stdout F "
        "«{digits:1}{hex:31}»\n2026-01-02T03:04:05.126Z stdout F \n",
        "Nov  9 03:13:02 web7 app[21818]: Please use the following password to proceed to "
        "installation:\nNov  9 03:13:02 web7 app[21818]: \n"
        "Nov  9 03:13:02 web7 app[21818]: «{digits:1}{hex:31}»\n",
        "app[21818]: Content-Disposition: form-data; name=\"token\"\napp[21818]:\n"
        "app[21818]: «{alnum:40}»\n",
        "Password for the elastic user (reset with `bin/elasticsearch-reset-password -u "
        "elastic`):\n  «{digits:1}{alnum:19}»\n",
        "\x1b[36mweb-3  | \x1b[0mPlease use the following password to proceed to installation:\n"
        "\x1b[36mweb-3  | \x1b[0m\n\x1b[36mweb-3  | \x1b[0m«{digits:1}{hex:31}»\n",
        "web-1  | The generated password is:\nweb-1  |   «{digits:1}{alnum:11}»\n"})
    expect_exactly_masked(source);
  for (const char* source :
       {"app[1]: Please use the following password to proceed to installation:\n"
        "other[1]: job abc123def4567890 done\n",
        "app[1]: Your new password is:\napp[1]: see the mail\n"})
    expect_kept(source);
}

TEST(Block, AValueInTheNextLineOfADockerLog) {
  constexpr const char* kTail =
      "\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05.6Z\"}\n";
  auto logged = [](std::initializer_list<const char*> lines) {
    std::string text;
    for (const char* line : lines) text += std::string("{\"log\":\"") + line + kTail;
    return text;
  };
  for (const std::string& source :
       {logged({"- name: DB_PASSWORD", "  value: «{digits:1}{alnum:11}»"}),
        logged({"Please use the following password to proceed to installation:", "",
                "«{digits:1}{hex:31}»", ""}),
        logged({"Content-Disposition: form-data; name=\\\"password\\\"", "",
                "«{digits:1}{alnum:11}»"}),
        logged({"[\\\"password\\\"]=>", "  string(12) \\\"«{digits:1}{alnum:11}»\\\""}),
        logged({"password: |", "  «{digits:1}{alnum:11}»"})})
    expect_exactly_masked(source);
  for (const std::string& source :
       {logged({"Enter password:", "Welcome back"}), logged({"password:", "abc123def456 again"}),
        logged({"password:", "", "", "", "abc123def456"}),
        std::string("{\"log\":\"a\\n\",\"stream\":\"stdout\",\"password\":\"\"}\nabc123def456\n")})
    expect_kept(source);
}

TEST(Block, AValueOnTheNextLineInTheWaysOfPrinters) {
  for (const char* source :
       {"[\"password\":protected]=>\n  string(12) \"«{digits:1}{alnum:11}»\"\n",
        "[\"token\":\"App\\User\":private]=>\n  string(40) \"«{alnum:40}»\"\n",
        "a[1]:   [\"password\"]=>\na[1]:   string(12) \"«{digits:1}{alnum:11}»\"\n",
        "    password: Some(\n        \"«{digits:1}{alnum:11}»\",\n    ),\n",
        "<key>Password</key>\n<string>«{digits:1}{alnum:11}»</string>\n",
        "\t<key>apiToken</key>\r\n\t<string>«{alnum:40}»</string>\r\n",
        "<param-name>password</param-name>\n<param-value>«{digits:1}{alnum:11}»</param-value>\n",
        "Name  : DB_PASSWORD\r\nValue : «{digits:1}{alnum:11}»\r\n",
        "    Property: spring.datasource.password\n    Value: \"«{digits:1}{alnum:11}»\"\n"})
    expect_exactly_masked(source);
  for (const char* source : {"<key>Password</key>\n<true/>\n", "<key>Token</key>\n<dict>\n",
                             "password: Some(\n    Redacted,\n)\n"})
    expect_kept(source);
}

TEST(Block, AValueOnTheNextLineWhereNothingElseMayStandNeedNotLookRandom) {
  for (const char* source :
       {"MESSAGE: [\"password\"]=>\nMESSAGE: string(12) \"«{alnum:6}:$ {alnum:4}»\"\n",
        "Content-Disposition: form-data; name=\"password\"\n\n«{alpha:6}${alpha:6}»\n--b1--\n",
        "      - --admin-password\n      - «{alpha:12}$»\n      - --port=80\n",
        "      - \"--admin-password\"\n      - \"«{alpha:12}$»\"\n"})
    expect_exactly_masked(source);
  for (const char* source :
       {"[\"password\"]=>\nNULL\n", "[\"password\"]=>\nint(12345)\n",
        "Content-Disposition: form-data; name=\"password\"\n\n\n------WebKitFormBoundaryA1\n",
        "      - --password\n      - --port=8080\n"})
    expect_kept(source);
}

TEST(Block, AMemberOfAnObjectThatTerraformPrints) {
  for (const char* source :
       {"  \"admin_password\": {\n    \"sensitive\": true,\n    \"type\": \"string\",\n"
        "    \"value\": \"«{digits:1}{alnum:11}»\"\n  }\n",
        "   ~ {\n   ~ name  = \"DB_PASSWORD\"\n   ~ value = \"«{digits:1}{alnum:11}»\"\n",
        "   + name  = \"API_TOKEN\"\n   + value = \"«{alnum:32}»\"\n",
        "a.b.C -  + name  = \"DB_PASSWORD\"\na.b.C -  + value = \"«{digits:1}{alnum:11}»\"\n"})
    expect_exactly_masked(source);
  for (const char* source : {"  \"password\": {\n    \"type\": \"string\",\n    \"minLength\": 8\n",
                             "  \"password\": {\n    \"value\": null\n  }\n"})
    expect_kept(source);
}

TEST(Block, AValueOnTheNextLineOfAStringHoweverDeepIsMaskedOnce) {
  std::string escape = "\\";
  std::string mark = "\"";
  for (int depth = 1; depth <= 4; ++depth) {
    std::string breaks = escape + "n" + escape + "n";
    expect_exactly_masked(R"({"m":")" + mark + "db_password:" + breaks + "«{digits:1}{hex:31}»" +
                          breaks + mark + " on\"}\n");
    std::string masked = R"({"m":")" + mark + "db_password:" + breaks + "[REDACTED:password]" +
                         breaks + mark + "\"}\n";
    EXPECT_EQ(redact(masked), masked);
    mark = escape + mark;
    escape += escape;
  }
}

TEST(Block, AWordAloneOnTheLineAfterItsKeyIsItsValue) {
  for (const char* source :
       {"password:\n  «{digits:1}{alnum:11}»\n",
        "Password:\r\n«{digits:1}{alnum:11}»\r\n",
        "db_password: |\n  «{digits:1}{alnum:11}»\nnext: 1\n",
        "2026-01-02T03:04:05Z INFO password:\n2026-01-02T03:04:06Z INFO «{digits:1}{alnum:11}»\n",
        "- name: DB_PASSWORD\n  value: «{digits:1}{alnum:11}»\n",
        "- name: DB_PASSWORD\r\n  value: «{digits:1}{alnum:11}»\r\n",
        "03:04 INFO [main] a.b.C - - name: DB_PASSWORD\n"
        "03:04 INFO [main] a.b.C -   value: «{digits:1}{alnum:11}»\n",
        "03:04 INFO [main] a.b.C - password: |\n03:04 INFO [main] a.b.C -   "
        "«{digits:1}{alnum:11}»\n",
        "    \"OutputKey\": \"DbPassword\",\n    \"OutputValue\": \"«{digits:1}{alnum:11}»\",\n",
        "- OutputKey: ApiSecret\n  OutputValue: «{digits:1}{alnum:31}»\n",
        "- ParameterKey: DbPassword\n  ParameterValue: «{digits:1}{alnum:11}»\n",
        "    Key: password\n    Value: «{digits:1}{alnum:11}»\n",
        "    Args:\n      --admin-password\n      «{digits:1}{alnum:19}»\n      --port=8080\n",
        "      --token\r\n      «{digits:1}{alnum:31}»\r\n",
        "'name': 'DB_PASSWORD',\r\n'value': '«{digits:1}{alnum:11}»'\r\n",
        "db.passwd: >-\r\n    «{digits:1}{alnum:11}»\r\n",
        "client_secret:\n  \"«{alnum:32}»\"\n",
        "<db.password>\r\n  «{digits:1}{alnum:11}»\r\n</db.password>\n",
        "[\"password\"]=>\n  string(12) \"«{digits:1}{alnum:11}»\"\n",
        "- name: GITHUB_API_KEY\n  value: \"«{hex:20}»\"\n",
        "- name: AZURE_KEY\n  value: «{alnum:32}»\n",
        "newrelic_key:\n  «{hex:40}»\n",
        "export TOKEN=\\\n  «{alnum:32}»\n",
        "\"name\": \"API_TOKEN\",\n\"value\": \"«{digits:1}{alnum:31}»\",\n",
        "Content-Disposition: form-data; "
        "name=\"password\"\r\n\r\n«{digits:1}{alnum:11}»\r\n--b\r\n",
        "Content-Disposition: form-data; name=\"user[token]\"\n\n«{alnum:40}»\n--b\n",
        "Your new password is:\n\n    «{digits:1}{alnum:11}»\n"})
    expect_exactly_masked(source);
}

TEST(Block, AValueInTheElementBehindItsName) {
  for (const char* source : {"<name>fs.s3a.secret.key</name>\n<value>«{base64:40}»</value>\n",
                             "  <name>javax.jdo.option.ConnectionPassword</name>\n"
                             "  <value>«{digits:1}{alnum:11}»</value>\n",
                             "app[1]:   <name>ssl.server.keystore.password</name>\n"
                             "app[1]:   <value>«{digits:1}{alnum:11}»</value>\n"})
    expect_exactly_masked(source);
  for (const char* source : {"<name>password</name>\n  <description>abc123def456</description>\n",
                             "<name>password</name>\n<value></value>\n<name>b</name>\n",
                             "<name>hadoop.security.token</name>\n<value>${TOKEN}</value>\n"})
    expect_kept(source);
}

TEST(Block, AValueBehindOtherMembersOfItsObject) {
  for (const char* source : {"  \"name\": \"DbPassword\",\n  \"slotSetting\": false,\n"
                             "  \"value\": \"«{digits:1}{alnum:11}»\"\n",
                             "\"Name\": \"API_TOKEN\",\n\"Type\": \"secure\",\n"
                             "\"Value\": \"«{digits:1}{alnum:31}»\"\n"})
    expect_exactly_masked(source);
  for (const char* source :
       {"\"token\": {\n  \"type\": \"Identifier\",\n  \"value\": \"{digits:1}{alnum:11}\"\n",
        "\"name\": \"DbPassword\"\n},\n\"value\": \"{digits:1}{alnum:11}\"\n",
        "\"name\": \"DbPassword\",\n\"type\": [\n\"value\": \"{digits:1}{alnum:11}\"\n"})
    expect_kept(source);
}

TEST(Block, AnAnnouncedPasswordBehindALoggersNameAndADash) {
  expect_exactly_masked(
      "2026-01-02T03:04:05.678Z INFO  [main] c.acme.App - Please use the following password to "
      "proceed to installation:\n2026-01-02T03:04:05.678Z INFO  [main] c.acme.App - \n"
      "2026-01-02T03:04:05.678Z INFO  [main] c.acme.App - «{digits:1}{hex:31}»\n");
  expect_kept(
      "03:04 INFO [main] c.acme.App - Your new password is:\n"
      "03:04 INFO [main] c.acme.Other - abc123def456 done\n");
}

TEST(Block, AColumnOfATableThatItsHeaderNames) {
  for (const char* source :
       {"| User | Password | Role |\n|------|:--------:|------|\n"
        "| bob  | «{digits:1}{alnum:11}» | dev |\n| amy  | `«{digits:1}{alnum:11}»` | ops |\n",
        "+-----+--------------+\n| user | password     |\n+-----+--------------+\n"
        "| bob | «{digits:1}{alnum:11}» |\n| amy | NULL |\n| joe | «{digits:1}{alnum:11}» |\n",
        " id | username |   password   \n----+----------+--------------\n"
        "  1 | bob      | «{digits:1}{alnum:11}»\n  2 | amy      | «{digits:1}{alnum:11}»\n",
        "INFO out: | user | password |\nINFO out: | bob | «{digits:1}{alnum:11}» |\n",
        "id,username,password\n1,bob,«{digits:1}{alnum:11}»\n2,amy,«{digits:1}{alnum:11}»\n",
        "username,password,email\r\n\"Doe, "
        "J\",\"«{digits:1}{alnum:6},{alnum:6}»\",bob@example.org\r\n",
        "user;password\nbob;«{digits:1}{alnum:11}»\n",
        "user\tpassword\tn\nbob\t«{digits:1}{alnum:11}»\t3\n",
        "User Name,Password,Access key ID,Secret access key\n"
        "bob,«{digits:1}{alnum:11}»,x,«{alnum:40}»\n",
        "name,api_key\nshop,«{hex:32}»\n",
        "| user | password |\n| bob | «{digits:1}{alnum:11}» "
        "|\nid,n,password\n1,2,«{digits:1}{alnum:11}»\n"})
    expect_exactly_masked(source);
}

TEST(Block, AColumnThatBlanksSeparateFromTheNext) {
  for (const char* source :
       {"NAME        TOKEN\nci          «{digits:1}{alnum:31}»\nold         "
        "«{digits:1}{alnum:31}»\n",
        "USERNAME   PASSWORD       ROLE\nbob        «{digits:1}{alnum:11}»   admin\n",
        "  ID   Secret Key   CREATED   \n  7    «{digits:1}{alnum:31}»   2 days ago   \n",
        "user   password\n----   --------\nbob    «{digits:1}{alnum:11}»\n",
        "PASSWORD       USER\n«{digits:1}{alnum:11}»   bob\n"})
    expect_exactly_masked(source);
}

TEST(Block, WhatIsNoColumnBetweenBlanksStays) {
  for (const char* source :
       {"passwd        install\nperl5-base    install\n", "Password\nabc  {digits:1}{alnum:11}\n",
        "NAME   PASSWORD\nbob    {digits:1}{alnum:11}   x\n", "NAME   PASSWORD\nbob    not set\n",
        "NAME   TOKEN\nready\nci     {digits:1}{alnum:31}\n",
        "user   password\nbob    {digits:1}{alnum:11}\n----   --------\n",
        "Options:  Password (again)\n-x        {digits:1}{alnum:11}\n"})
    expect_kept(source);
}

TEST(Block, EveryElementOfAListBehindItsKey) {
  for (const char* source :
       {"api_keys:\n  - «{digits:1}{alnum:31}»\n  - «{digits:1}{alnum:31}»\nport: 80\n",
        "tokens:\n- «{digits:1}{alnum:31}»\n- \"«{digits:1}{alnum:31}»\"\n",
        "passwords:\n  - «{digits:1}{alnum:11}»\n  - «{digits:1}{alnum:11}»\n"})
    expect_exactly_masked(source);
  for (const char* source : {"secrets:\n  - db-credentials\n  - {digits:1}{alnum:31}-x y\n",
                             "tokens:\n  - stop\n  - {digits:1}{alnum:31}\n"})
    expect_kept(source);
}

TEST(Block, WhatFollowsAListIsNoneOfItsElements) {
  expect_exactly_masked(
      "api_keys:\n  - «{digits:1}{alnum:31}»\n{digits:1}{alnum:31}\n  - {digits:1}{alnum:31}\n");
}

TEST(Block, WhatIsNoRowOfATableStays) {
  for (const char* source :
       {"| Field | Password |\n|---|---|\n| type | string |\n| required | yes |\n",
        "id,username,password\n1,bob\n2,x9y8z7w6\n",
        "id,username,password\n1,bob,\nready\n1,bob,{digits:1}{alnum:11}\n",
        "missing: user, password\nfound: host1, a1b2c3d4e5\n",
        "login(user,password)\nstart(eu,{digits:1}{alnum:11})\n",
        "user,password\nbob,bob@example.org\n", "user,password\nbob,two words2 three3\n",
        "x,token\na,/var/lib/app1/cache2\n", "5,password\n6,{digits:1}{alnum:11}\n",
        "| password | required |\n\n| bob | {digits:1}{alnum:11} |\n"})
    expect_kept(source);
}

TEST(Block, OtherLinesAfterAKeyStay) {
  for (const char* source :
       {"password:\n  min: 8\n", "Password:\nlogin successful\n", "Password:\nWelcome\n",
        "      --token\n      --verbose\n", "  --api-key\n        string\n",
        "      --token\n      value-of-token\n", "--password\n{uuid} done\n",
        "token:\n  type: string\n", "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n",
        "password:\nuser@host1:~$\n", "password:\n\n\n\nabc123def456\n",
        "name: password\nvalue: not set yet\n", "usage: -t <token>\n  -x abc123def456\n",
        "the name of the token\nabc123def456\n"})
    expect_kept(source);
}

TEST(Block, AKeyAtTheEndOfALineEndsNoPrivateKey) {
  std::vector<std::string> lines = body(6);
  std::string text = kBegin + "\n" + lines[0] + "\nanother thread says token:\n";
  for (size_t i = 1; i < lines.size(); ++i) text += lines[i] + "\n";
  expect_no_line_left(redact(text + kEnd + "\n"), lines);
}

TEST(Table, ADelimiterThatAMaskTakesInSeparatesNothing) {
  const std::string once =
      redact("secret,password\nx,password=Zx81kQ9,ann@example.org\nbob,Hx7kq2mP9w\n");
  EXPECT_EQ(once, "secret,password\nx,password=[REDACTED:password]\nbob,[REDACTED:secret]\n");
  EXPECT_EQ(redact(once), once);
}

}  // namespace
}  // namespace redactd::test
