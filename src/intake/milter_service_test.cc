// The service over real sockets, with the packets that Postfix sends.
#include "intake/milter_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "intake/milter_test_host.h"

namespace leumund::intake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class MilterServiceTest : public MilterTestHost {
 protected:
  MilterServiceTest() { answer_ = answer_of; }
  static model::Answer answer_of(const model::Submission& mail) {
    using model::Disposition;
    if (mail.account == "bad") return {Disposition::reject, "5.7.1 Suspended", "t"};
    if (mail.account == "held") return {Disposition::hold, "held for review", "t"};
    if (mail.account == "slow") return {Disposition::throttle, "4.7.1 Later", "t"};
    if (mail.account == "broken") throw std::runtime_error("broken");
    if (mail.script == "uid33") return {Disposition::reject, "5.7.1 Suspended", ""};
    if (!mail.client || !mail.client->is_private()) {
      if (mail.account.empty()) return {Disposition::reject, "5.7.1 never said", "t"};
    }
    return {Disposition::pass, "", "v1.token"};
  }
};

TEST_F(MilterServiceTest, TellsTheWholeMessageAndPutsTheTraceOnTop) {
  serve();
  const auto fd = dial();
  say(fd, postfix_offer() + connect("198.51.100.7") + message("A@Verein.example", "body\r\n"));
  const auto heard = hear(fd, 4);
  ASSERT_THAT(heard, SizeIs(4));  // negotiation, body, header, end
  EXPECT_EQ(heard[0].front(), 'O');
  EXPECT_EQ(heard[1], "c");
  EXPECT_EQ(heard[2], "i\0\0\0\0X-Leumund-Trace\0v1.token\0"s);
  EXPECT_EQ(heard[3], "c");
  const auto mails = seen();
  ASSERT_THAT(mails, SizeIs(1));
  const model::Submission& mail = mails.front();
  EXPECT_EQ(mail.source, model::Source::milter);
  EXPECT_EQ(mail.account, "a@verein.example");
  EXPECT_EQ(mail.queue.queue_id, "4XyZ");
  EXPECT_EQ(mail.envelope_sender, "A@verein.example");
  EXPECT_THAT(mail.recipients, ElementsAre("x@c.test", "y@c.test"));
  EXPECT_EQ(mail.recipient_count, 2U);
  EXPECT_EQ(mail.size_bytes, 1834U);
  EXPECT_EQ(mail.client, base::IpAddress::parse("198.51.100.7"));
  EXPECT_EQ(mail.helo, "pc");
  EXPECT_EQ(mail.body, "") << "nothing of it is kept";
  ASSERT_TRUE(mail.print);
  EXPECT_EQ(mail.print->text, model::TextKind::brief);
  ASSERT_THAT(mail.headers, SizeIs(1));
  EXPECT_EQ(mail.headers[0].second, "hello");
}

TEST_F(MilterServiceTest, HoldsRejectsAndDefers) {
  serve();
  const auto fd = dial();
  say(fd, postfix_offer() + connect("198.51.100.7") + message("bad", "") + message("slow", "") +
              message("held", ""));
  const auto heard = hear(fd, 9);
  ASSERT_THAT(heard, SizeIs(9));
  EXPECT_EQ(heard[2], "y550 5.7.1 Suspended\0"s);
  EXPECT_EQ(heard[4], "y450 4.7.1 Later\0"s);
  EXPECT_EQ(heard[6], "qheld for review\0"s);
  EXPECT_EQ(heard[8], "c");
}

TEST_F(MilterServiceTest, DefersWhatAServerCannotHold) {
  serve();
  const auto fd = dial();
  say(fd, offer(0x01, 0x1fffff) + connect("198.51.100.7") + message("held", ""));
  const auto heard = hear(fd, 3);
  ASSERT_THAT(heard, SizeIs(3));
  EXPECT_THAT(heard[2], testing::StartsWith("y450 4.7.1"));
}

TEST_F(MilterServiceTest, AnswersEveryStepOfAServerThatWantsIt) {
  serve();
  const auto fd = dial();
  say(fd, offer(0x1ff, 0) + connect("198.51.100.7") + message("a", "x"));
  EXPECT_THAT(hear(fd, 12), SizeIs(12));  // O, C, H, M, R, R, T, L, N, B, header, end
}

TEST_F(MilterServiceTest, NeverStopsMailFromOutside) {
  serve();
  const auto fd = dial();
  say(fd, postfix_offer() + connect("198.51.100.7") + message("", "x"));
  EXPECT_THAT(hear(fd, 3), ElementsAre(testing::StartsWith("O"), "c", "c"));
  EXPECT_EQ(service_->counters().incoming_spared, 1U);
}

TEST_F(MilterServiceTest, KnowsTheOwnNetworksOfAReload) {
  serve();
  const auto fd = dial();
  say(fd, postfix_offer() + connect("198.51.100.7") + message("", "x"));
  EXPECT_EQ(hear(fd, 3).back(), "c");
  service_->set_own_networks({*base::IpPrefix::parse("198.51.100.0/24")});
  say(fd, message("", "x"));
  EXPECT_THAT(hear(fd, 2).back(), testing::StartsWith("y"));
}

TEST_F(MilterServiceTest, NamesACertificateNoLongerThanPolicyDoes) {
  serve({.listen = net::Endpoint::tcp("127.0.0.1", 0), .certificate_accounts = true});
  const auto fd = dial();
  say(fd, postfix_offer() + connect("198.51.100.7") +
              packet('D', "M{cert_subject}\0"s + std::string(400, 'X') + "\0"s) + message("", "x"));
  (void)hear(fd, 3);
  ASSERT_THAT(seen(), SizeIs(1));
  EXPECT_EQ(seen()[0].account, "cert:" + std::string(315, 'x'));
}

TEST_F(MilterServiceTest, PassesMailWhenTheHandlerThrows) {
  serve();
  const auto fd = dial();
  say(fd, postfix_offer() + connect("198.51.100.7") + message("broken", "x") + message("bad", ""));
  const auto heard = hear(fd, 5);
  ASSERT_THAT(heard, SizeIs(5));
  EXPECT_EQ(heard[2], "c");
  EXPECT_EQ(heard[4].front(), 'y');
  EXPECT_EQ(service_->counters().handler_failed, 1U);
}

TEST_F(MilterServiceTest, ConnectionsThatSayNothingOrOnlyNegotiateKeepNoMailOut) {
  serve({.listen = net::Endpoint::tcp("127.0.0.1", 0), .stream = {.connections_max = 64}});
  const auto amid = dial();
  const std::string whole = message("bad", "x");
  say(amid, postfix_offer() + connect("198.51.100.7") + whole.substr(0, whole.find("Subject") - 5));
  ASSERT_THAT(hear(amid, 1), SizeIs(1));
  std::vector<net::Descriptor> hoard;
  for (int i = 0; i < 400; ++i) {
    hoard.push_back(dial());
    if (i < 200) say(hoard.back(), postfix_offer());
  }
  for (int i = 0; i < 20; ++i) {
    const auto next = dial();
    say(next, postfix_offer() + connect("198.51.100.7") + message("bad", "x"));
    const auto heard = hear(next, 3);
    ASSERT_THAT(heard, SizeIs(3)) << i;
    EXPECT_EQ(heard[2], "y550 5.7.1 Suspended\0"s);
  }
  say(amid, whole.substr(whole.find("Subject") - 5));
  const auto heard = hear(amid, 2);
  ASSERT_THAT(heard, SizeIs(2)) << "a mail on its way gives way last";
  EXPECT_EQ(heard[1], "y550 5.7.1 Suspended\0"s);
  EXPECT_GE(service_->counters().connections.displaced, 337U);
}

TEST_F(MilterServiceTest, ForgetsAnAbortedMessageButNotTheConnection) {
  serve();
  const auto fd = dial();
  say(fd, postfix_offer() + connect("198.51.100.7") + packet('D', "M{auth_authen}\0bad\0"s) +
              packet('M', "<z@b.example>\0"s) + packet('R', "<old@c.test>\0"s) + packet('A') +
              message("a", "x"));
  ASSERT_THAT(hear(fd, 4), SizeIs(4));
  const auto mails = seen();
  ASSERT_THAT(mails, SizeIs(1));
  EXPECT_EQ(mails[0].account, "a");
  EXPECT_EQ(mails[0].recipient_count, 2U);
  EXPECT_TRUE(mails[0].client);
}

TEST_F(MilterServiceTest, ReadsNoMoreOfABodyThanItsLimit) {
  serve({.listen = net::Endpoint::tcp("127.0.0.1", 0), .limits = {.streamed_bytes = 100'000}});
  const auto fd = dial();
  const std::string chunk(65535, 'x');
  say(fd, postfix_offer() + connect("198.51.100.7") + packet('M', "<a@b.example>\0"s) +
              packet('R', "<x@c.test>\0"s) + packet('N') + packet('B', chunk) + packet('B', chunk) +
              packet('E'));
  const auto heard = hear(fd, 4);
  ASSERT_THAT(heard, SizeIs(4));
  EXPECT_EQ(heard[1], "c");
  EXPECT_EQ(heard[2], "s");
  EXPECT_EQ(service_->counters().bytes, 100'000U);
  EXPECT_TRUE(seen().front().print->has(model::MailSign::truncated));
  EXPECT_EQ(service_->counters().cut, 1U);
}

TEST_F(MilterServiceTest, FindsTheTextBehindWhatFillsItsLimitsAndCountsWhatItLeftOut) {
  serve({.listen = net::Endpoint::tcp("127.0.0.1", 0), .limits = {.body_bytes = 100'000}});
  const auto fd = dial();
  const std::string text =
      "Dear friend, your parcel waits at the customs office because a small fee was not paid yet, "
      "please follow the link to pay it before it is sent back: http://parcel.example/pay\r\n";
  std::string fields;
  for (int i = 0; i < 1001; ++i) fields += packet('L', "X-a\0b\0"s);
  const std::string subject = packet('L', "Subject\0Your parcel waits\0"s);
  const std::string type = packet('L', "Content-Type\0multipart/mixed; boundary=b\0"s);
  const auto mail = [&](const std::string& header, const std::string& front) {
    std::string out =
        packet('M', "<a@b.example>\0"s) + packet('R', "<x@c.test>\0"s) + header + packet('N');
    const std::string body = front + "--b\r\nContent-Type: text/plain\r\n\r\n" + text;
    for (std::size_t at = 0; at < body.size(); at += 60'000)
      out += packet('B', std::string_view(body).substr(at, 60'000));
    return out + packet('E');
  };
  const std::string file =
      "--b\r\nContent-Type: application/x-data\r\n\r\n" + std::string(300'000, 'x') + "\r\n";
  say(fd, postfix_offer() + connect("198.51.100.7") + mail(subject + type, ""));
  hear(fd, 3);
  EXPECT_EQ(service_->counters().cut, 0U);
  say(fd, mail(fields + subject + type, ""));
  hear(fd, 2);
  EXPECT_EQ(service_->counters().cut, 1U);
  say(fd, mail(subject + type, file));
  hear(fd, 7);
  EXPECT_EQ(service_->counters().cut, 2U);
  const auto mails = seen();
  ASSERT_THAT(mails, SizeIs(3));
  ASSERT_TRUE(mails[0].print->has_sketch());
  EXPECT_EQ(mails[1].headers.size(), 1002U);
  for (const auto& one : mails) {
    EXPECT_EQ(one.print->sketch, mails[0].print->sketch);
    for (std::size_t i = 0; i < mails[0].print->facet_count; ++i) {
      const auto kind = mails[0].print->facet_kinds[i];
      if (kind == model::FacetKind::mime_shape) continue;
      EXPECT_TRUE(one.print->has_facet(kind, mails[0].print->facet_hashes[i]))
          << model::facet_kind_name(kind);
    }
  }
}

TEST_F(MilterServiceTest, MakesTheSameFingerprintOfABodyHoweverItIsCutAndForgetsItAfterwards) {
  serve({.listen = net::Endpoint::tcp("127.0.0.1", 0), .prints = {.keep_own_text = true}});
  const auto fd = dial();
  const std::string text =
      "Dear friend, your parcel waits at the customs office because a small fee was not paid yet, "
      "please follow the link to pay it before it is sent back: http://parcel.example/pay\r\n";
  const std::string head = packet('M', "<a@b.example>\0"s) + packet('R', "<x@c.test>\0"s) +
                           packet('L', "Subject\0Parcel\0"s) + packet('N');
  std::string cut;
  for (const char c : text) cut += packet('B', std::string(1, c));
  say(fd, postfix_offer() + connect("198.51.100.7") + head + packet('B', text) + packet('E') +
              head + cut + packet('E') + head + packet('E'));
  // One for the offer, two answers a message, and one for each piece of the body.
  ASSERT_THAT(hear(fd, 1 + 1 + 3 + text.size()), SizeIs(5 + text.size()));
  const auto mails = seen();
  ASSERT_THAT(mails, SizeIs(3));
  EXPECT_TRUE(mails[0].print->has_sketch());
  EXPECT_EQ(*mails[0].print, *mails[1].print);
  EXPECT_THAT(mails[0].own_text, HasSubstr("customs office"));
  EXPECT_EQ(mails[2].print->text, model::TextKind::empty);
  EXPECT_EQ(mails[2].own_text, "");
  service_->set_prints({});
  say(fd, head + packet('B', text) + packet('E'));
  hear(fd, 2);
  ASSERT_THAT(seen(), SizeIs(4));
  EXPECT_EQ(*seen()[3].print, *mails[0].print);
  EXPECT_EQ(seen()[3].own_text, "") << "a reload takes effect with the next message";
}

TEST_F(MilterServiceTest, ClosesAConnectionThatSpeaksNoMilter) {
  serve();
  const auto http = dial();
  say(http, "GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(hear(http, 1), SizeIs(0));
  const auto broken = dial();
  say(broken, postfix_offer() + packet('L', "Subject\0no end"s));
  EXPECT_THAT(hear(broken, 2), SizeIs(1));
  EXPECT_EQ(service_->counters().malformed, 2U);
}

TEST_F(MilterServiceTest, WaitsForTheLogToNameTheSenderOfLocalMail) {
  std::atomic<int> asked = 0;
  serve({.listen = net::Endpoint::tcp("127.0.0.1", 0),
         .local_sender = [&](const model::QueueKey& queue) -> std::optional<std::string> {
           if (queue.queue_id != "4XyZ" || ++asked < 5) return std::nullopt;
           return "uid33";
         }});
  const auto fd = dial();
  say(fd, postfix_offer() + connect("127.0.0.1", 0) + message("", "x"));
  const auto heard = hear(fd, 3);
  ASSERT_THAT(heard, SizeIs(3));
  EXPECT_EQ(heard[2], "y550 5.7.1 Suspended\0"s);
  EXPECT_EQ(asked, 5);
  EXPECT_EQ(service_->counters().waited, 1U);
  EXPECT_TRUE(seen().front().print);
}

TEST_F(MilterServiceTest, LetsLocalMailGoOnWhenTheLogStaysSilent) {
  serve({.listen = net::Endpoint::tcp("127.0.0.1", 0),
         .local_sender = [](const model::QueueKey&) { return std::nullopt; },
         .local_sender_patience = milliseconds(50)});
  const auto fd = dial();
  say(fd, postfix_offer() + connect("127.0.0.1", 0) + message("", "x") + message("a", "y"));
  const auto heard = hear(fd, 7);
  ASSERT_THAT(heard, SizeIs(7));
  EXPECT_EQ(heard[3], "c");
  EXPECT_THAT(seen(), SizeIs(2));
  EXPECT_EQ(service_->counters().waited_in_vain, 1U);
}

std::string with_headers(std::string_view headers) {
  std::string out = packet('M', "<a@verein.example>\0"s) + packet('D', "Ri\0004XyZ\0"s) +
                    packet('R', "<x@c.test>\0"s) + packet('T');
  while (!headers.empty()) {
    const auto end = headers.find('\n');
    const auto colon = headers.find(": ");
    out += packet('L', std::string(headers.substr(0, colon)) + "\0"s +
                           std::string(headers.substr(colon + 2, end - colon - 2)) + "\0"s);
    headers.remove_prefix(end + 1);
  }
  return out + packet('N') + packet('B', "hello") + packet('E');
}

TEST_F(MilterServiceTest, HeadersNameTheScriptOrForwardRuleOfMailThatNobodyLoggedInFor) {
  serve({.listen = net::Endpoint::tcp("127.0.0.1", 0),
         .prints = {.forwarders = {"uid5000"}},
         .local_sender = [this](const model::QueueKey&) -> std::optional<std::string> {
           return seen().empty() ? "uid33" : "uid5000";
         }});
  const auto fd = dial();
  const std::string forward = "Delivered-To: chor@c.test\nReceived: by mx\nTo: b@away.test\n";
  say(fd, postfix_offer() + connect("127.0.0.1", 0) +
              with_headers("X-PHP-Originating-Script: 33:contact.php\n" + forward) +
              with_headers("X-PHP-Originating-Script: 33:contact.php\n" + forward));
  hear(fd, 5);
  ASSERT_THAT(seen(), SizeIs(2));
  EXPECT_EQ(seen()[0].script, "uid33:contact.php");
  EXPECT_EQ(seen()[0].handed_in_by, "script:uid33");
  EXPECT_FALSE(seen()[0].forwarded) << "a site's headers name no forward rule";
  EXPECT_EQ(seen()[1].account, "chor@c.test");
  EXPECT_TRUE(seen()[1].forwarded);
  EXPECT_EQ(seen()[1].handed_in_by, "script:uid5000");
  EXPECT_EQ(service_->counters().classes[static_cast<std::size_t>(model::MailClass::forward)], 1U);
}

TEST_F(MilterServiceTest, HeadersOfALoginOrFromOutsideNameNobody) {
  serve();
  const auto fd = dial();
  const std::string headers = "X-PHP-Originating-Script: 33:contact.php\nDelivered-To: x@c.test\n";
  say(fd, postfix_offer() + connect("203.0.113.9") + packet('D', "M{auth_authen}\0a\0"s) +
              with_headers(headers) + with_headers(headers));
  hear(fd, 5);
  ASSERT_THAT(seen(), SizeIs(2));
  EXPECT_EQ(seen()[0].account, "a");
  EXPECT_EQ(seen()[1].account, "");
  for (const auto& mail : seen()) {
    EXPECT_EQ(mail.script, "");
    EXPECT_FALSE(mail.forwarded);
    EXPECT_EQ(mail.handed_in_by, "");
  }
}

TEST_F(MilterServiceTest, AClientMayLeaveWhileItsMailWaits) {
  serve({.listen = net::Endpoint::tcp("127.0.0.1", 0),
         .local_sender = [](const model::QueueKey&) { return std::nullopt; },
         .local_sender_patience = milliseconds(300)});
  {
    const auto gone = dial();
    say(gone, postfix_offer() + connect("127.0.0.1", 0) + message("", "x"));
    ASSERT_THAT(hear(gone, 2), SizeIs(2));
  }
  const auto next = dial();
  say(next, postfix_offer() + connect("127.0.0.1", 0) + message("a", "x"));
  EXPECT_THAT(hear(next, 4), SizeIs(4));
}

}  // namespace
}  // namespace leumund::intake
