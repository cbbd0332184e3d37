#include "intake/log_correlator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "intake/log_correlator_reader.h"

namespace leumund::intake {
namespace {

using log_test::Reader;
using log_test::settings_of_tests;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(LogCorrelator, TellsASubmissionOfAnAccountAtTheQueueManagersLine) {
  Reader reader;
  reader.read({"postfix/submission/smtpd[9]: connect from pc.example[192.0.2.7]",
               "postfix/submission/smtpd[9]: 4AA091855D: client=pc.example[192.0.2.7], "
               "sasl_method=PLAIN, sasl_username=a@c.test",
               "postfix/cleanup[8]: 4AA091855D: message-id=<1@c.test>"});
  EXPECT_THAT(reader.events, ElementsAre("login a@c.test 192.0.2.7 submission ok"));
  reader.events.clear();
  reader.read({"postfix/qmgr[7]: 4AA091855D: from=<a@c.test>, size=391, nrcpt=12 (queue active)"});
  EXPECT_THAT(reader.events, ElementsAre("submission 4AA091855D account=a@c.test client=192.0.2.7 "
                                         "from=<a@c.test> recipients=12 size=391"));
}

TEST(LogCorrelator, TellsALoginOncePerSessionThoughTwoSessionsInterleave) {
  Reader reader;
  reader.read({"postfix/smtps/smtpd[1]: connect from a[192.0.2.1]",
               "postfix/smtps/smtpd[2]: connect from b[192.0.2.2]",
               "postfix/smtps/smtpd[1]: 4AA0918551: client=a[192.0.2.1], sasl_method=PLAIN, "
               "sasl_username=a",
               "postfix/smtps/smtpd[2]: 4AA0918552: client=b[192.0.2.2], sasl_method=PLAIN, "
               "sasl_username=b",
               "postfix/smtps/smtpd[1]: 4AA0918553: client=a[192.0.2.1], sasl_method=PLAIN, "
               "sasl_username=a",
               "postfix/smtps/smtpd[2]: 4AA0918554: client=b[192.0.2.2], sasl_method=PLAIN, "
               "sasl_username=b",
               "postfix/smtps/smtpd[1]: disconnect from a[192.0.2.1] ehlo=1 quit=1 commands=2",
               "postfix/smtps/smtpd[1]: connect from a[192.0.2.1]",
               "postfix/smtps/smtpd[1]: 4AA0918555: client=a[192.0.2.1], sasl_method=PLAIN, "
               "sasl_username=a"});
  EXPECT_THAT(reader.events,
              ElementsAre("login a 192.0.2.1 submission ok", "login b 192.0.2.2 submission ok",
                          "login a 192.0.2.1 submission ok"));
}

TEST(LogCorrelator, NamesAScriptByItsUid) {
  Reader reader;
  reader.read(
      {"postfix/pickup[9]: 81E343F2E2: uid=33 from=<www-data>",
       "postfix/cleanup[8]: 81E343F2E2: message-id=<2@c.test>",
       "postfix/qmgr[7]: 81E343F2E2: from=<www-data@c.test>, size=9, nrcpt=3 (queue active)"});
  EXPECT_THAT(reader.events, ElementsAre("submission 81E343F2E2 script=uid33 "
                                         "from=<www-data@c.test> recipients=3 size=9"));
}

TEST(LogCorrelator, GivesAnUnknownClientNoAccount) {
  Reader reader;
  reader.read(
      {"postfix/smtpd[9]: 4AA091855D: client=mail.example[198.51.100.9]",
       "postfix/qmgr[7]: 4AA091855D: from=<x@y.example>, size=391, nrcpt=1 (queue active)"});
  EXPECT_THAT(reader.events, ElementsAre("submission 4AA091855D client=198.51.100.9 "
                                         "from=<x@y.example> recipients=1 size=391"));
}

TEST(LogCorrelator, TakesAVerifiedCertificateForTheAccountWhereTheOperatorSaysSo) {
  CorrelatorSettings settings = settings_of_tests();
  settings.certificate_accounts = true;
  Reader reader(settings);
  reader.read({"postfix/smtpd[9]: connect from r[192.0.2.6]",
               "postfix/smtpd[9]: r[192.0.2.6]: Trusted: subject_CN=relay.example, issuer=CA, "
               "fingerprint=1",
               "postfix/smtpd[9]: 4AA091855D: client=r[192.0.2.6]",
               "postfix/qmgr[7]: 4AA091855D: from=<x@y.example>, size=1, nrcpt=1 (queue active)",
               "postfix/smtpd[9]: disconnect from r[192.0.2.6] ehlo=1 quit=1 commands=2",
               "postfix/smtpd[9]: connect from s[192.0.2.8]",
               "postfix/smtpd[9]: s[192.0.2.8]: Untrusted: subject_CN=relay.example, issuer=Self, "
               "fingerprint=2",
               "postfix/smtpd[9]: 4AA091855E: client=s[192.0.2.8]",
               "postfix/qmgr[7]: 4AA091855E: from=<x@y.example>, size=1, nrcpt=1 (queue active)"});
  EXPECT_THAT(reader.events,
              ElementsAre("submission 4AA091855D account=cert:relay.example client=192.0.2.6 "
                          "from=<x@y.example> recipients=1 size=1",
                          "submission 4AA091855E client=192.0.2.8 from=<x@y.example> "
                          "recipients=1 size=1"));
}

TEST(LogCorrelator, TakesACertificateForNoAccountUnlessAsked) {
  Reader reader;
  reader.read({"postfix/smtpd[9]: connect from r[192.0.2.6]",
               "postfix/smtpd[9]: r[192.0.2.6]: Trusted: subject_CN=relay.example, issuer=CA, "
               "fingerprint=1",
               "postfix/smtpd[9]: 4AA091855D: client=r[192.0.2.6]",
               "postfix/qmgr[7]: 4AA091855D: from=<x@y.example>, size=1, nrcpt=1 (queue active)"});
  EXPECT_THAT(reader.events, ElementsAre("submission 4AA091855D client=192.0.2.6 "
                                         "from=<x@y.example> recipients=1 size=1"));
}

TEST(LogCorrelator, TellsDeliveriesWithEgressStageAndRemote) {
  Reader reader;
  reader.read({"postfix/pickup[9]: 81E343F2E2: uid=33 from=<w>",
               "postfix/qmgr[7]: 81E343F2E2: from=<w@c.test>, size=9, nrcpt=3 (queue active)"});
  reader.events.clear();
  reader.read(
      {"postfix/egress2/smtp[5]: 81E343F2E2: to=<b@d.test>, relay=mx.d.test[192.0.2.9]:25, "
       "delay=1, "
       "delays=0/0/1/0, dsn=5.1.1, status=bounced (host mx.d.test[192.0.2.9] said: 550 5.1.1 no "
       "(in reply to "
       "RCPT TO command))",
       "postfix/smtp[5]: 81E343F2E2: to=<e@f.test>, relay=none, delay=1, delays=0/0/1/0, "
       "dsn=4.4.1, "
       "status=deferred (connect to mx.f.test[192.0.2.10]:25: Connection timed out)",
       "postfix/local[5]: 81E343F2E2: to=<alice@c.test>, orig_to=<info@c.test>, relay=local, "
       "delay=1, "
       "delays=0/0/1/0, dsn=2.0.0, status=sent (delivered to mailbox)"});
  EXPECT_THAT(
      reader.events,
      ElementsAre("delivery 81E343F2E2 to=<b@d.test> bounced rcpt by smtp egress=egress2 "
                  "remote=mx.d.test[192.0.2.9]",
                  "delivery 81E343F2E2 to=<e@f.test> deferred connect by smtp "
                  "remote=mx.f.test[192.0.2.10]",
                  "delivery 81E343F2E2 to=<info@c.test at alice@c.test> sent end by local"));
}

TEST(LogCorrelator, CountsEncryptedConnectionsByTheWayTheyLeave) {
  Reader reader;
  reader.read(
      {"postfix/out1/smtp[5]: Untrusted TLS connection established to mx.d.test[192.0.2.9]:25: "
       "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
       "postfix/out1/smtp[5]: Verified TLS connection established to mx.d.test[192.0.2.9]:25: x",
       "postfix/smtp[5]: Trusted TLS connection established to mx6.d.test[2001:db8::9]:25: x",
       "postfix/smtp[5]: Untrusted TLS connection established to 127.0.0.1[127.0.0.1]:10025: x",
       "postfix/lmtp[5]: Untrusted TLS connection established to box.d.test[192.0.2.7]:24: x",
       "postfix/smtpd[5]: Anonymous TLS connection established from pc[192.0.2.5]: TLSv1.3"});
  using Count = std::pair<std::string, std::uint64_t>;
  EXPECT_THAT(reader.correlator().counters().encrypted,
              ElementsAre(Count{"out1", 2}, Count{"", 1}));
}

TEST(LogCorrelator, DoesNotCountADeferredMailAgain) {
  Reader reader;
  reader.read({"postfix/pickup[9]: 81E343F2E2: uid=33 from=<w>",
               "postfix/qmgr[7]: 81E343F2E2: from=<w@c.test>, size=9, nrcpt=3 (queue active)"});
  reader.events.clear();
  reader.read(
      {"@900 postfix/qmgr[7]: 81E343F2E2: from=<w@c.test>, size=9, nrcpt=3 (queue active)",
       "@1900 postfix/qmgr[7]: 81E343F2E2: from=<w@c.test>, size=9, nrcpt=2 (queue active)"});
  EXPECT_THAT(reader.settled(), IsEmpty());
}

TEST(LogCorrelator, TellsTheSameInWhateverOrderTheFirstLinesCome) {
  const std::string_view client =
      "postfix/smtps/smtpd[9]: 4AA091855D: client=pc[192.0.2.7], sasl_method=PLAIN, "
      "sasl_username=a";
  const std::string_view id = "postfix/cleanup[8]: 4AA091855D: message-id=<1@c.test>";
  const std::string_view queued =
      "postfix/qmgr[7]: 4AA091855D: from=<a@c.test>, size=3, nrcpt=1 (queue active)";
  const std::string_view sent =
      "postfix/smtp[6]: 4AA091855D: to=<b@d.test>, relay=m[192.0.2.9]:25, delay=1, delays=0/0/1/0, "
      "dsn=2.0.0, status=sent (250 ok)";
  const std::string_view removed = "postfix/qmgr[7]: 4AA091855D: removed";
  std::vector<std::string_view> lines = {client, id, queued, sent, removed};
  std::sort(lines.begin(), lines.end());
  std::size_t orders = 0;
  do {
    // The queue manager's own lines keep their order: they are of one process.
    if (std::find(lines.begin(), lines.end(), removed) <
        std::find(lines.begin(), lines.end(), queued)) {
      continue;
    }
    Reader reader;
    for (const std::string_view line : lines) reader.read({line});
    std::vector<std::string> events = reader.settled();
    std::erase_if(events, [](const std::string& text) { return text.starts_with("login"); });
    std::string order;
    for (const std::string_view line : lines) order += fmt::format("\n  {}", line.substr(0, 60));
    EXPECT_THAT(events, ElementsAre("submission 4AA091855D account=a client=192.0.2.7 "
                                    "from=<a@c.test> recipients=1 size=3",
                                    "delivery 4AA091855D to=<b@d.test> sent end by smtp "
                                    "remote=m[192.0.2.9]",
                                    "removal 4AA091855D"))
        << order;
    EXPECT_EQ(reader.correlator().counters().open_messages, 0U) << order;
    ++orders;
  } while (std::next_permutation(lines.begin(), lines.end()));
  EXPECT_EQ(orders, 60U);
}

TEST(LogCorrelator, DoesNotWaitLongerThanItsWaitForTheFirstLine) {
  Reader reader;
  reader.read({"@0 postfix/qmgr[7]: 4AA091855D: from=<a@c.test>, size=3, nrcpt=1 (queue active)",
               "@1 postfix/smtp[6]: 4AA091855D: to=<b@d.test>, relay=m[192.0.2.9]:25, delay=1, "
               "delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)"});
  EXPECT_THAT(reader.events, IsEmpty());
  reader.read({"@3 postfix/anvil[1]: statistics: max cache size 1 at Oct 13 16:00:00"});
  EXPECT_THAT(reader.events, ElementsAre("delivery 4AA091855D to=<b@d.test> sent end by smtp "
                                         "remote=m[192.0.2.9]"));
  EXPECT_EQ(reader.correlator().counters().unknown_origin, 1U);
}

TEST(LogCorrelator, TellsNothingOfABounceItWroteItself) {
  Reader reader;
  reader.read({"postfix/cleanup[8]: A48191855D: message-id=<20261013.A48191855D@mx>",
               "postfix/qmgr[7]: A48191855D: from=<>, size=3147, nrcpt=1 (queue active)",
               "postfix/bounce[5]: 776E41855D: sender non-delivery notification: A48191855D",
               "postfix/smtp[6]: A48191855D: to=<forged@elsewhere.example>, relay=m[192.0.2.9]:25, "
               "delay=1, "
               "delays=0/0/1/0, dsn=5.1.1, status=bounced (host m[192.0.2.9] said: 550 5.1.1 no)",
               "postfix/qmgr[7]: A48191855D: removed"});
  EXPECT_THAT(reader.settled(), IsEmpty());
  EXPECT_EQ(reader.correlator().counters().own_notices, 1U);
  EXPECT_EQ(reader.correlator().counters().open_messages, 0U);
}

TEST(LogCorrelator, StartsAfreshWhenAQueueIdComesAgain) {
  Reader reader;
  reader.read(
      {"postfix/smtps/smtpd[9]: 4AA0918551: client=pc[192.0.2.7], sasl_method=PLAIN, "
       "sasl_username=a",
       "postfix/qmgr[7]: 4AA0918551: from=<a@c.test>, size=3, nrcpt=1 (queue active)",
       "postfix/qmgr[7]: 4AA0918551: removed", "postfix/pickup[9]: 4AA0918551: uid=33 from=<w>",
       "postfix/qmgr[7]: 4AA0918551: from=<w@c.test>, size=4, nrcpt=1 (queue active)",
       // its removal was never seen
       "postfix/smtpd[9]: 4AA0918551: client=m.example[198.51.100.9]",
       "postfix/qmgr[7]: 4AA0918551: from=<x@y.example>, size=5, nrcpt=1 (queue active)"});
  EXPECT_THAT(
      reader.settled(),
      ElementsAre(
          "login a 192.0.2.7 submission ok",
          "submission 4AA0918551 account=a client=192.0.2.7 from=<a@c.test> recipients=1 size=3",
          "removal 4AA0918551",
          "submission 4AA0918551 script=uid33 from=<w@c.test> recipients=1 size=4",
          "removal 4AA0918551",
          "submission 4AA0918551 client=198.51.100.9 from=<x@y.example> recipients=1 size=5"));
  EXPECT_EQ(reader.correlator().counters().reused_ids, 1U);
}

TEST(LogCorrelator, KeepsHostsAndInstancesApart) {
  Reader reader;
  reader.feed("Oct 13 16:00:00 mx postfix/pickup[9]: 4AA0918551: uid=33 from=<w>");
  reader.feed("Oct 13 16:00:00 far postfix/pickup[9]: 4AA0918551: uid=44 from=<w>");
  reader.feed("Oct 13 16:00:00 mx postfix-out/pickup[9]: 4AA0918551: uid=55 from=<w>");
  reader.feed(
      "Oct 13 16:00:00 far postfix/qmgr[7]: 4AA0918551: from=<w@far>, size=1, nrcpt=1 (queue "
      "active)");
  reader.feed(
      "Oct 13 16:00:00 mx postfix/qmgr[7]: 4AA0918551: from=<w@mx>, size=1, nrcpt=1 (queue "
      "active)");
  EXPECT_THAT(reader.settled(),
              ElementsAre("submission far:4AA0918551 script=uid44 from=<w@far> recipients=1 size=1",
                          "submission 4AA0918551 script=uid33 from=<w@mx> recipients=1 size=1"));
}

TEST(LogCorrelator, EndsAMailThatWasRefusedAsAWhole) {
  Reader reader;
  reader.read(
      {"postfix/smtps/smtpd[9]: 4AA0918551: client=pc[192.0.2.7], sasl_method=PLAIN, "
       "sasl_username=a",
       "postfix/smtps/smtpd[9]: 4AA0918551: reject: RCPT from pc[192.0.2.7]: 550 5.1.1 <b@d>: no; "
       "from=<a@c.test> to=<b@d> proto=ESMTP helo=<pc>",
       "postfix/cleanup[8]: 4AA0918551: milter-reject: END-OF-MESSAGE from pc[192.0.2.7]: 5.7.1 "
       "spam; "
       "from=<a@c.test> to=<c@d> proto=ESMTP helo=<pc>",
       "postfix/cleanup[8]: 4AA0918551: milter-reject: END-OF-MESSAGE from pc[192.0.2.7]: 5.7.1 "
       "spam; "
       "from=<a@c.test> to=<c@d> proto=ESMTP helo=<pc>"});
  EXPECT_THAT(reader.settled(),
              ElementsAre("login a 192.0.2.7 submission ok", "removal 4AA0918551"));
}

TEST(LogCorrelator, TellsFailedLoginsOfPostfixAndDovecot) {
  Reader reader;
  reader.read(
      {"postfix/smtpd[9]: warning: unknown[192.0.2.66]: SASL LOGIN authentication failed: UGFz",
       "postfix/smtps/smtpd[9]: warning: unknown[192.0.2.66]: SASL PLAIN authentication failed: "
       "(reason unavailable), sasl_username=a@c.test",
       "dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<a@c.test>, "
       "method=PLAIN, rip=192.0.2.66, lip=192.0.2.1, TLS",
       "dovecot: imap-login: Login: user=<b@c.test>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, "
       "TLS"});
  EXPECT_THAT(
      reader.events,
      ElementsAre("login ? 192.0.2.66 smtp failed", "login a@c.test 192.0.2.66 submission failed",
                  "login a@c.test 192.0.2.66 imap failed", "login b@c.test 192.0.2.7 imap ok"));
}

TEST(LogCorrelator, ForgetsTheOldestMessageWhenFullAndCountsIt) {
  CorrelatorSettings settings = settings_of_tests();
  settings.messages_max = 100;
  Reader reader(settings);
  for (int i = 0; i < 1000; ++i) {
    reader.read(
        {fmt::format("postfix/pickup[9]: 4AA{:07X}: uid=33 from=<w>", i),
         fmt::format("postfix/qmgr[7]: 4AA{:07X}: from=<w@c.test>, size=4, nrcpt=1 (queue active)",
                     i)});
  }
  const CorrelatorCounters counters = reader.correlator().counters();
  EXPECT_EQ(counters.open_messages, 100U);
  EXPECT_EQ(counters.forgotten, 900U);
  EXPECT_EQ(counters.submissions, 1000U);
  EXPECT_EQ(counters.removals, 0U);  // forgotten is not removed: the mail is still in the queue
}

TEST(LogCorrelator, GoesOnWhenTheClockStepsBack) {
  Reader reader;
  reader.read({"@1800 postfix/qmgr[7]: 4AA0918550: from=<x@c.test>, size=4, nrcpt=1 (queue active)",
               "@60 postfix/pickup[9]: 4AA0918551: uid=33 from=<w>",
               "@61 postfix/qmgr[7]: 4AA0918551: from=<w@c.test>, size=4, nrcpt=1 (queue active)",
               "@62 postfix/qmgr[7]: 4AA0918551: removed",
               "@70 postfix/anvil[1]: statistics: max cache size 1 at Oct 13 16:00:00"});
  EXPECT_THAT(reader.events,
              ElementsAre("submission 4AA0918551 script=uid33 from=<w@c.test> recipients=1 size=4",
                          "removal 4AA0918551"));
  EXPECT_EQ(reader.correlator().counters().clock_steps, 1U);
}

TEST(LogCorrelator, BoundsTheNumberOfHosts) {
  Reader reader;
  for (int i = 0; i < 5000; ++i) {
    reader.feed(
        fmt::format("Oct 13 16:00:00 host{} postfix/pickup[9]: 4AA0918551: uid=33 from=<w>", i));
  }
  EXPECT_EQ(reader.correlator().counters().open_messages, 4096U);
  EXPECT_EQ(reader.correlator().counters().origins_refused, 904U);
}

}  // namespace
}  // namespace leumund::intake
