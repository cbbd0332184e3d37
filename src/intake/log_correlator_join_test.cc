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

TEST(LogCorrelatorJoin, JoinsMailThatAFilterGivesBackWithTheFirst) {
  Reader reader;
  reader.read(
      {"postfix/smtps/smtpd[9]: 4AA0918551: client=pc[192.0.2.7], sasl_method=PLAIN, "
       "sasl_username=a",
       "postfix/cleanup[8]: 4AA0918551: message-id=<>",
       "postfix/qmgr[7]: 4AA0918551: from=<a@c.test>, size=3, nrcpt=2 (queue active)",
       "postfix/smtpd[5]: 4AA0918552: client=localhost[127.0.0.1]",
       "postfix/cleanup[8]: 4AA0918552: message-id=<made@filter>",
       "postfix/qmgr[7]: 4AA0918552: from=<a@c.test>, size=4, nrcpt=2 (queue active)"});
  reader.events.clear();
  reader.read(
      {"postfix/lmtp[4]: 4AA0918552: to=<early@c.test>, relay=mx[private/lmtp], delay=1, "
       "delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)"});
  EXPECT_THAT(reader.events, IsEmpty());  // not before it is clear whose it is
  reader.read(
      {"postfix/smtp[3]: 4AA0918551: to=<early@c.test>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
       "delays=0/0/1/0, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 "
       "2.0.0 Ok: queued as 4AA0918552)",
       "postfix/smtp[3]: 4AA0918551: to=<late@c.test>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
       "delays=0/0/1/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4AA0918552)"});
  EXPECT_THAT(reader.events,
              ElementsAre("submission 4AA0918552 account=a client=192.0.2.7 from=<a@c.test> "
                          "continues 4AA0918551",
                          "delivery 4AA0918552 to=<early@c.test> sent end by lmtp "
                          "remote=mx[private/lmtp]"));
}

TEST(LogCorrelatorJoin, JoinsAFiltersAnswerThatComesBeforeTheMailItGaveBack) {
  Reader reader;
  reader.read(
      {"postfix/pickup[9]: 4AA0918551: uid=33 from=<w>",
       "postfix/qmgr[7]: 4AA0918551: from=<w@c.test>, size=3, nrcpt=1 (queue active)",
       "postfix/smtp[3]: 4AA0918551: to=<b@d.test>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
       "delays=0/0/1/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4AA0918552)"});
  reader.events.clear();
  reader.read({"postfix/smtpd[5]: 4AA0918552: client=localhost[127.0.0.1]",
               "postfix/qmgr[7]: 4AA0918552: from=<w@c.test>, size=4, nrcpt=1 (queue active)"});
  EXPECT_THAT(reader.events, ElementsAre("submission 4AA0918552 script=uid33 from=<w@c.test> "
                                         "continues 4AA0918551"));
}

TEST(LogCorrelatorJoin, JoinsByTheQueueIdThatXforwardTells) {
  Reader reader;
  reader.read(
      {"postfix-in/smtps/smtpd[9]: 4AA0918551: client=pc[192.0.2.7], sasl_method=PLAIN, "
       "sasl_username=a",
       "postfix-in/qmgr[7]: 4AA0918551: from=<a@c.test>, size=3, nrcpt=1 (queue active)"});
  reader.events.clear();
  reader.read(
      {"postfix-out/smtpd[5]: 4AA0918552: client=localhost[127.0.0.1], orig_queue_id=4AA0918551, "
       "orig_client=pc[192.0.2.7]",
       "postfix-out/qmgr[6]: 4AA0918552: from=<a@c.test>, size=4, nrcpt=1 (queue active)"});
  EXPECT_THAT(reader.events,
              ElementsAre("submission postfix-out:4AA0918552 account=a client=192.0.2.7 "
                          "from=<a@c.test> continues postfix-in:4AA0918551"));
}

TEST(LogCorrelatorJoin, JoinsByMessageIdWhereAPipeFilterTellsNothing) {
  Reader reader;
  reader.read(
      {"postfix/smtps/smtpd[9]: 4AA0918551: client=pc[192.0.2.7], sasl_method=PLAIN, "
       "sasl_username=a",
       "postfix/cleanup[8]: 4AA0918551: message-id=<1@c.test>",
       "postfix/qmgr[7]: 4AA0918551: from=<a@c.test>, size=3, nrcpt=2 (queue active)"});
  reader.events.clear();
  reader.read({"postfix/pickup[9]: 4AA0918552: uid=120 from=<a@c.test>",
               "postfix/cleanup[8]: 4AA0918552: message-id=<1@c.test>",
               "postfix/qmgr[7]: 4AA0918552: from=<a@c.test>, size=4, nrcpt=2 (queue active)"});
  EXPECT_THAT(reader.events, ElementsAre("submission 4AA0918552 account=a client=192.0.2.7 "
                                         "from=<a@c.test> continues 4AA0918551"));
  reader.events.clear();
  // All recipients of the first are accounted for: this is somebody who uses its message id.
  reader.read({"postfix/pickup[9]: 4AA0918553: uid=33 from=<a@c.test>",
               "postfix/cleanup[8]: 4AA0918553: message-id=<1@c.test>",
               "postfix/qmgr[7]: 4AA0918553: from=<a@c.test>, size=4, nrcpt=1 (queue active)"});
  EXPECT_THAT(reader.events, ElementsAre("submission 4AA0918553 script=uid33 from=<a@c.test> "
                                         "recipients=1 size=4"));
}

TEST(LogCorrelatorJoin, CountsEveryMailOfAScriptThatAlwaysWritesOneMessageId) {
  Reader reader;
  for (const char* id : {"4AA0918551", "4AA0918552", "4AA0918553"}) {
    reader.read(
        {fmt::format("postfix/pickup[9]: {}: uid=33 from=<w>", id),
         fmt::format("postfix/cleanup[8]: {}: message-id=<same@c.test>", id),
         fmt::format("postfix/qmgr[7]: {}: from=<w@c.test>, size=4, nrcpt=5 (queue active)", id)});
  }
  (void)reader.settled();
  EXPECT_EQ(reader.correlator().counters().submissions, 3U);
  EXPECT_EQ(reader.correlator().counters().continuations, 0U);
}

TEST(LogCorrelatorJoin, CountsMailThatALocalProgramBringsBySmtpAfterTheWait) {
  Reader reader;
  reader.read(
      {"@0 postfix/smtpd[5]: 4AA0918552: client=localhost[127.0.0.1]",
       "@0 postfix/cleanup[8]: 4AA0918552: message-id=<shop@c.test>",
       "@0 postfix/qmgr[7]: 4AA0918552: from=<shop@c.test>, size=4, nrcpt=1 (queue active)"});
  EXPECT_THAT(reader.settled(), ElementsAre("submission 4AA0918552 client=127.0.0.1 "
                                            "from=<shop@c.test> recipients=1 size=4"));
}

TEST(LogCorrelatorJoin, DoesNotLetAMailingListsCopiesCountForTheWriter) {
  Reader reader;
  reader.read(
      {"postfix/smtps/smtpd[9]: 4AA0918551: client=pc[192.0.2.7], sasl_method=PLAIN, "
       "sasl_username=a",
       "postfix/cleanup[8]: 4AA0918551: message-id=<1@c.test>",
       "postfix/qmgr[7]: 4AA0918551: from=<a@c.test>, size=3, nrcpt=1 (queue active)"});
  (void)reader.settled();
  reader.read({"postfix/smtpd[5]: 4AA0918552: client=localhost[127.0.0.1]",
               "postfix/cleanup[8]: 4AA0918552: message-id=<1@c.test>",
               "postfix/qmgr[7]: 4AA0918552: from=<list-bounces@c.test>, size=4, nrcpt=900 (queue "
               "active)"});
  EXPECT_THAT(reader.settled(), ElementsAre("submission 4AA0918552 client=127.0.0.1 "
                                            "from=<list-bounces@c.test> recipients=900 size=4"));
}

TEST(LogCorrelatorJoin, DoesNotBelieveARemoteThatNamesAQueueIdOfOurs) {
  Reader reader;
  reader.read(
      {"postfix/smtpd[9]: 4AA0918559: client=evil.example[198.51.100.66]",
       "postfix/qmgr[7]: 4AA0918559: from=<x@evil.example>, size=3, nrcpt=50 (queue active)",
       "postfix/smtps/smtpd[9]: 4AA0918551: client=pc[192.0.2.7], sasl_method=PLAIN, "
       "sasl_username=a",
       "postfix/qmgr[7]: 4AA0918551: from=<a@c.test>, size=3, nrcpt=1 (queue active)"});
  reader.events.clear();
  reader.read(
      {"postfix/smtp[3]: 4AA0918551: to=<x@evil.example>, relay=evil.example[198.51.100.66]:25, "
       "delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4AA0918559)"});
  EXPECT_THAT(reader.settled(),
              ElementsAre("delivery 4AA0918551 to=<x@evil.example> sent end by smtp "
                          "remote=evil.example[198.51.100.66]"));
  EXPECT_EQ(reader.correlator().counters().continuations, 0U);
}

TEST(LogCorrelatorJoin, FollowsAMailThatIsForwardedOrRequeued) {
  Reader reader;
  reader.read({"postfix/smtpd[9]: 4AA0918551: client=m.example[198.51.100.9]",
               "postfix/qmgr[7]: 4AA0918551: from=<x@y.example>, size=3, nrcpt=1 (queue active)"});
  reader.events.clear();
  reader.read({"postfix/cleanup[8]: 4AA0918552: message-id=<1@y.example>",
               "postfix/qmgr[7]: 4AA0918552: from=<x@y.example>, size=4, nrcpt=1 (queue active)",
               "postfix/local[3]: 4AA0918551: to=<b@c.test>, relay=local, delay=1, delays=0/0/1/0, "
               "dsn=2.0.0, "
               "status=sent (forwarded as 4AA0918552)",
               "postfix/postsuper[1]: 4AA0918552: requeued",
               "postfix/pickup[9]: 4AA0918553: uid=109 from=<x@y.example> orig_id=4AA0918552",
               "postfix/qmgr[7]: 4AA0918553: from=<x@y.example>, size=4, nrcpt=1 (queue active)"});
  EXPECT_THAT(reader.events,
              ElementsAre("submission 4AA0918552 client=198.51.100.9 from=<x@y.example> "
                          "continues 4AA0918551",
                          "removal 4AA0918552",
                          "submission 4AA0918553 client=198.51.100.9 from=<x@y.example> "
                          "continues 4AA0918551"));
}

TEST(LogCorrelatorJoin, GivesAMailBehindAProxyFilterToTheClientThatLoggedIn) {
  Reader reader;
  reader.read(
      {"postfix/smtps/smtpd[9]: connect from pc[192.0.2.7]",
       "postfix/smtps/smtpd[9]: NOQUEUE: client=pc[192.0.2.7], sasl_method=PLAIN, sasl_username=a",
       "postfix/smtpd[5]: 4AA0918552: client=localhost[127.0.0.1]",
       "postfix/qmgr[7]: 4AA0918552: from=<a@c.test>, size=4, nrcpt=3 (queue active)",
       "postfix/smtps/smtpd[9]: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as 4AA0918552; "
       "from=<a@c.test> to=<b@d.test> proto=ESMTP helo=<pc>"});
  EXPECT_THAT(reader.events, ElementsAre("login a 192.0.2.7 submission ok",
                                         "submission 4AA0918552 account=a client=192.0.2.7 "
                                         "from=<a@c.test> recipients=3 size=4"));
}

}  // namespace
}  // namespace leumund::intake
