#include "intake/policy_event.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <variant>

#include "model/subject.h"

namespace leumund::intake {
namespace {

using model::SubmissionStage;

const base::TimePoint now = base::from_unix_seconds(989850723.25);

// What Postfix asks at RCPT for a client with a login; single attributes are replaced by `changes`.
std::string request(const std::map<std::string, std::string>& changes = {}) {
  std::map<std::string, std::string> all = {{"request", "smtpd_access_policy"},
                                            {"protocol_state", "RCPT"},
                                            {"client_address", "198.51.100.7"},
                                            {"helo_name", "pc"},
                                            {"sender", "a@verein.example"},
                                            {"recipient", "x@hotmail.com"},
                                            {"recipient_count", "0"},
                                            {"queue_id", ""},
                                            {"instance", "1a2b.5f.0"},
                                            {"size", "1834"},
                                            {"sasl_username", "A@Verein.example"},
                                            {"ccert_subject", ""},
                                            {"ccert_fingerprint", ""}};
  for (const auto& [name, value] : changes) all[name] = value;
  std::string text;
  for (const auto& [name, value] : all) text.append(name).append("=").append(value).append("\n");
  return text + "\n";
}

struct Filled {
  bool judged = false;
  model::MailEvent event;
  [[nodiscard]] const model::Submission& submission() const {
    return std::get<model::Submission>(event.what);
  }
};

void fill(const std::string& text, Filled& into, const PolicyNaming& naming = {}) {
  wire::PolicyRequestParser parser;
  ASSERT_EQ(parser.feed(text), wire::PolicyRequestParser::State::complete);
  into.judged = fill_policy_event(parser.request(), naming, now, into.event);
}

Filled fill(const std::string& text, const PolicyNaming& naming = {}) {
  Filled out;
  fill(text, out, naming);
  return out;
}

TEST(PolicyEvent, CarriesOneRecipientAtRcpt) {
  const Filled filled = fill(request(), {.instance = "out"});
  ASSERT_TRUE(filled.judged);
  const model::Submission& submission = filled.submission();
  EXPECT_EQ(filled.event.occurred_at, now);
  EXPECT_EQ(submission.source, model::Source::policy);
  EXPECT_EQ(submission.stage, SubmissionStage::recipient);
  EXPECT_EQ(submission.id, "policy/1a2b.5f.0");
  EXPECT_EQ(submission.queue.instance, "out");
  EXPECT_FALSE(submission.queue.known());
  EXPECT_EQ(submission.account, "a@verein.example");
  EXPECT_EQ(submission.client->to_string(), "198.51.100.7");
  EXPECT_EQ(submission.envelope_sender, "a@verein.example");
  EXPECT_EQ(submission.recipients, std::vector<std::string>{"x@hotmail.com"});
  EXPECT_EQ(submission.recipient_count, 1U);
  EXPECT_EQ(submission.size_bytes, 1834U);
}

TEST(PolicyEvent, CarriesTheCountAndTheQueueIdAtTheEndOfTheMessage) {
  const Filled filled = fill(request({{"protocol_state", "END-OF-MESSAGE"},
                                      {"recipient", ""},
                                      {"recipient_count", "37"},
                                      {"queue_id", "4XyZ1k0Q"}}));
  ASSERT_TRUE(filled.judged);
  EXPECT_EQ(filled.submission().stage, SubmissionStage::accepted);
  EXPECT_EQ(filled.submission().id, "policy/1a2b.5f.0") << "joins its recipients";
  EXPECT_EQ(filled.submission().queue.queue_id, "4XyZ1k0Q");
  EXPECT_TRUE(filled.submission().recipients.empty());
  EXPECT_EQ(filled.submission().recipient_count, 37U);
}

TEST(PolicyEvent, NothingIsLeftOfThePreviousRequest) {
  Filled filled;
  fill(request({{"queue_id", "AAAA"}, {"ccert_subject", "x"}}), filled);
  fill("request=smtpd_access_policy\nprotocol_state=END-OF-MESSAGE\n\n", filled);
  ASSERT_TRUE(filled.judged);
  EXPECT_EQ(filled.submission().account, "");
  EXPECT_EQ(filled.submission().id, "");
  EXPECT_EQ(filled.submission().queue.queue_id, "");
  EXPECT_FALSE(filled.submission().client);
  EXPECT_FALSE(filled.submission().envelope_sender);
  EXPECT_FALSE(filled.submission().size_bytes);
  EXPECT_TRUE(filled.submission().recipients.empty());
  EXPECT_EQ(filled.submission().recipient_count, 1U);
}

TEST(PolicyEvent, TakesTheSubjectFromLoginThenCertificateThenScriptThenAddress) {
  std::map<std::string, std::string> changes = {{"ccert_subject", "Mail+20Relay+FZ"},
                                                {"ccert_fingerprint", "AB:CD"},
                                                {"policy_context", "script:uid33:/srv/www/x.php"}};
  const PolicyNaming naming{.instance = "", .certificate_accounts = true};
  EXPECT_EQ(fill(request(changes), naming).submission().account, "a@verein.example");
  changes["sasl_username"] = "";
  EXPECT_EQ(fill(request(changes), naming).submission().account, "cert:mail relay+fz");
  changes["ccert_subject"] = "";
  EXPECT_EQ(fill(request(changes), naming).submission().account, "cert:ab:cd");
  changes["ccert_fingerprint"] = "";
  EXPECT_EQ(fill(request(changes), naming).submission().account, "");
  EXPECT_EQ(fill(request(changes), naming).submission().script, "uid33:/srv/www/x.php");
  changes["policy_context"] = "submission";
  EXPECT_EQ(fill(request(changes), naming).submission().script, "");
}

TEST(PolicyEvent, CertificatesAreNoAccountsUntilTheOperatorSaysSo) {
  const auto text = request({{"sasl_username", ""}, {"ccert_subject", "smtp.gmail.com"}});
  EXPECT_EQ(fill(text).submission().account, "");
  EXPECT_EQ(fill(text, {.instance = "", .certificate_accounts = true}).submission().account,
            "cert:smtp.gmail.com");
}

TEST(PolicyEvent, TheNullSenderIsNotAnUnknownSender) {
  EXPECT_EQ(fill(request({{"sender", ""}})).submission().envelope_sender, "");
}

TEST(PolicyEvent, OtherStagesAndOtherRequestsAreNotJudged) {
  for (const char* state :
       {"CONNECT", "EHLO", "HELO", "MAIL", "DATA", "VRFY", "ETRN", "", "rcpt"}) {
    EXPECT_FALSE(fill(request({{"protocol_state", state}})).judged) << state;
  }
  EXPECT_FALSE(fill(request({{"request", "junk"}})).judged);
}

TEST(PolicyEvent, StrangeValuesBecomeHarmless) {
  using namespace std::string_literals;
  const Filled filled =
      fill(request({{"sasl_username", "Evil\x1b[2J\0\t"s + std::string(4000, 'A')},
                    {"client_address", "unknown"},
                    {"recipient_count", "99999999999999999999"},
                    {"size", "-5"},
                    {"protocol_state", "END-OF-MESSAGE"},
                    {"instance", std::string(5000, 'i')}}));
  const model::Submission& submission = filled.submission();
  EXPECT_TRUE(submission.account.starts_with("evil?[2j??aaa"));
  EXPECT_EQ(submission.account.size(), 320U);
  EXPECT_TRUE(model::Subject::parse("account:" + submission.account));
  EXPECT_FALSE(submission.client);
  EXPECT_FALSE(submission.size_bytes);
  EXPECT_EQ(submission.recipient_count, 1U);
  EXPECT_LT(submission.id.size(), 400U);
}

}  // namespace
}  // namespace leumund::intake
