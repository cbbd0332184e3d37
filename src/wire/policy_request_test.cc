#include "wire/policy_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace leumund::wire {
namespace {

using testing::HasSubstr;
using State = PolicyRequestParser::State;
using Name = PolicyAttribute;

// As Postfix 3.7 sends it at RCPT.
constexpr std::string_view rcpt =
    "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n"
    "client_address=198.51.100.7\nclient_name=unknown\nclient_port=50122\n"
    "reverse_client_name=unknown\nserver_address=192.0.2.25\nserver_port=587\nhelo_name=pc\n"
    "sender=a@verein.example\nrecipient=x@hotmail.com\nrecipient_count=0\nqueue_id=\n"
    "instance=1a2b.5f.0\nsize=1834\netrn_domain=\nstress=\nsasl_method=PLAIN\n"
    "sasl_username=a@verein.example\nsasl_sender=\nccert_subject=\nccert_issuer=\n"
    "ccert_fingerprint=\nccert_pubkey_fingerprint=\nencryption_protocol=TLSv1.3\n"
    "encryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\npolicy_context=\n\n";

std::string answer(model::Disposition disposition, std::string text) {
  std::string out;
  append_policy_answer({disposition, std::move(text), ""}, out);
  return out;
}

TEST(PolicyRequest, GivesTheAttributesOfARealRequest) {
  PolicyRequestParser parser;
  ASSERT_EQ(parser.feed(rcpt), State::complete);
  EXPECT_EQ(parser.consumed(), rcpt.size());
  EXPECT_EQ(parser.request().get(Name::request), "smtpd_access_policy");
  EXPECT_EQ(parser.request().get(Name::sasl_username), "a@verein.example");
  EXPECT_EQ(parser.request().get(Name::recipient), "x@hotmail.com");
  EXPECT_EQ(parser.request().get(Name::encryption_keysize), "256");
  EXPECT_TRUE(parser.request().has(Name::queue_id));
  EXPECT_EQ(parser.request().get(Name::queue_id), "");
  EXPECT_FALSE(parser.request().has(Name::mail_version));
}

TEST(PolicyRequest, KnowsEveryNameInAnyOrder) {
  std::string text;
  for (std::size_t i = policy_attribute_count; i-- > 0;) {
    text +=
        std::string(policy_attribute_name(static_cast<Name>(i))) + "=v" + std::to_string(i) + "\n";
  }
  text += "\n";
  PolicyRequestParser parser;
  ASSERT_EQ(parser.feed(text), State::complete);
  for (std::size_t i = 0; i < policy_attribute_count; ++i) {
    EXPECT_EQ(parser.request().get(static_cast<Name>(i)), "v" + std::to_string(i));
  }
}

TEST(PolicyRequest, ResumesAfterEveryByte) {
  PolicyRequestParser parser;
  for (std::size_t n = 0; n < rcpt.size(); ++n) {
    // A copy each time: the buffer of a connection moves as it grows.
    ASSERT_EQ(parser.feed(std::string(rcpt.substr(0, n))), State::incomplete) << n;
  }
  ASSERT_EQ(parser.feed(rcpt), State::complete);
  EXPECT_EQ(parser.request().get(Name::instance), "1a2b.5f.0");
}

TEST(PolicyRequest, LeavesPipelinedRequestsForTheNextCall) {
  std::string two = std::string(rcpt) + "request=second\n\n";
  PolicyRequestParser parser;
  ASSERT_EQ(parser.feed(two), State::complete);
  two.erase(0, parser.consumed());
  ASSERT_EQ(parser.feed(two), State::complete);
  EXPECT_EQ(parser.request().get(Name::request), "second");
  EXPECT_FALSE(parser.request().has(Name::sasl_username)) << "nothing is left of the first";
}

TEST(PolicyRequest, KeepsAnyByteOfAValueAndTakesCarriageReturns) {
  using namespace std::string_literals;
  PolicyRequestParser parser;
  const std::string input = "sender=a\0b=c\xff\r\nunheard_of=1\nhelo_name==\r\n\r\n"s;
  ASSERT_EQ(parser.feed(input), State::complete);
  EXPECT_EQ(parser.request().get(Name::sender), "a\0b=c\xff"s);
  EXPECT_EQ(parser.request().get(Name::helo_name), "=");
}

TEST(PolicyRequest, TheLastOfTwoValuesCounts) {
  PolicyRequestParser parser;
  ASSERT_EQ(parser.feed("sender=one\nsender=two\n\n"), State::complete);
  EXPECT_EQ(parser.request().get(Name::sender), "two");
}

TEST(PolicyRequest, RefusesLinesThatAreNotNameAndValue) {
  for (const std::string_view bad :
       {"GET / HTTP/1.0\r\n\r\n", "request=x\nrubbish\n\n", "=x\n\n"}) {
    PolicyRequestParser parser;
    ASSERT_EQ(parser.feed(bad), State::failed) << bad;
    EXPECT_EQ(parser.error().code, base::ErrorCode::malformed);
    EXPECT_THAT(parser.error().message, HasSubstr("name=value"));
  }
  PolicyRequestParser empty;
  ASSERT_EQ(empty.feed("\n"), State::failed);
  EXPECT_THAT(empty.error().message, HasSubstr("without attributes"));
}

TEST(PolicyRequest, ErrorsShowNoControlCharacters) {
  PolicyRequestParser parser;
  ASSERT_EQ(parser.feed(std::string("\x1b[2J\0\x07 evil\n", 12)), State::failed);
  for (const char c : parser.error().message) EXPECT_GE(c, ' ');
}

TEST(PolicyRequest, EveryLimitIsNamedAndExact) {
  const PolicyLimits limits{.request_bytes = 100, .value_bytes = 20, .attributes = 3};
  const std::string value(20, 'v');
  PolicyRequestParser fits(limits);
  EXPECT_EQ(fits.feed("sender=" + value + "\n\n"), State::complete);

  PolicyRequestParser value_over(limits);
  ASSERT_EQ(value_over.feed("sender=" + value + "v\n\n"), State::failed);
  EXPECT_EQ(value_over.error().code, base::ErrorCode::too_large);
  EXPECT_THAT(value_over.error().message, HasSubstr("\"sender\" has 21 bytes, the limit is 20"));

  PolicyRequestParser count_over(limits);
  ASSERT_EQ(count_over.feed("a=1\nb=2\nc=3\nd=4\n\n"), State::failed);
  EXPECT_THAT(count_over.error().message, HasSubstr("more than 3 attributes"));

  const std::string name(100 - 5, 'n');
  PolicyRequestParser exact(limits);
  EXPECT_EQ(exact.feed(name + "=v\n\n" + "next"), State::complete);
  EXPECT_EQ(exact.consumed(), 99U);
  PolicyRequestParser full(limits);
  EXPECT_EQ(full.feed("n" + name + "=v\n\n"), State::complete);
  PolicyRequestParser request_over(limits);
  ASSERT_EQ(request_over.feed("nn" + name + "=v\n\n"), State::failed);
  EXPECT_THAT(request_over.error().message, HasSubstr("within 100 bytes"));
  EXPECT_EQ(request_over.feed("a=b\n\n"), State::failed) << "a failed parser stays failed";
}

TEST(PolicyAnswer, SpellsEveryDisposition) {
  using model::Disposition;
  EXPECT_EQ(answer(Disposition::pass, "ignored"), "action=DUNNO\n\n");
  EXPECT_EQ(answer(Disposition::warn, "looks odd"), "action=WARN looks odd\n\n");
  EXPECT_EQ(answer(Disposition::warn, ""), "action=DUNNO\n\n");
  EXPECT_EQ(answer(Disposition::throttle, "4.7.1 slow down"),
            "action=DEFER_IF_PERMIT 4.7.1 slow down\n\n");
  EXPECT_EQ(answer(Disposition::hold, "review"), "action=HOLD review\n\n");
  EXPECT_EQ(answer(Disposition::reject, "5.7.1 stopped"), "action=REJECT 5.7.1 stopped\n\n");
}

TEST(PolicyAnswer, AddsTheStatusCodeWhereItIsMissingOrOfTheWrongClass) {
  using model::Disposition;
  EXPECT_EQ(answer(Disposition::reject, "stopped"), "action=REJECT 5.7.1 stopped\n\n");
  EXPECT_EQ(answer(Disposition::reject, "4.7.1 no"), "action=REJECT 5.7.1 4.7.1 no\n\n");
  EXPECT_EQ(answer(Disposition::reject, "5.7.1234 no"), "action=REJECT 5.7.1 5.7.1234 no\n\n");
  EXPECT_EQ(answer(Disposition::reject, "5.7.100"), "action=REJECT 5.7.100\n\n");
  EXPECT_EQ(answer(Disposition::throttle, ""),
            "action=DEFER_IF_PERMIT 4.7.1 Too much mail, please try again later\n\n");
}

TEST(PolicyAnswer, AMailThatPassesGetsOurMark) {
  std::string out;
  append_policy_answer({model::Disposition::pass, "", "v1.aZ-9_x"}, out);
  EXPECT_EQ(out, "action=PREPEND X-Leumund-Trace: v1.aZ-9_x\n\n");
  out.clear();
  append_policy_answer({model::Disposition::reject, "5.7.1 no", "v1.aZ-9_x"}, out);
  EXPECT_EQ(out, "action=REJECT 5.7.1 no\n\n");
  out.clear();
  append_policy_answer({model::Disposition::pass, "", "v1 x\naction=OK"}, out);
  EXPECT_EQ(out, "action=DUNNO\n\n") << "what is no mark of ours does not get into a header";
}

TEST(PolicyAnswer, AMailMayBeSentByAWayOfItsOwn) {
  model::Answer answer{model::Disposition::pass, "", "v1.aZ-9_x"};
  answer.filter = "smtp:[192.0.2.1]:587";
  std::string out;
  append_policy_answer(answer, out);
  EXPECT_EQ(out, "action=FILTER smtp:[192.0.2.1]:587\n\n");
  out.clear();
  answer.filter = "smtp: x\naction=OK";
  append_policy_answer(answer, out);
  EXPECT_EQ(out, "action=PREPEND X-Leumund-Trace: v1.aZ-9_x\n\n");
  out.clear();
  answer = {model::Disposition::hold, "later"};
  answer.filter = "smtp:";
  append_policy_answer(answer, out);
  EXPECT_EQ(out, "action=HOLD later\n\n");
}

TEST(PolicyAnswer, StaysOneLineWhateverTheTextHolds) {
  const std::string out =
      answer(model::Disposition::reject,
             "5.7.1 a\r\naction=OK\n\n\x01\x7f\xc3\xa4" + std::string(9000, 'x'));
  EXPECT_TRUE(out.starts_with("action=REJECT 5.7.1 a  action=OK   ???xx")) << out;
  EXPECT_EQ(out.find('\n'), out.size() - 2);
  EXPECT_LT(out.size(), 450U);
}

}  // namespace
}  // namespace leumund::wire
