#include "wire/event_line.h"

#include <gtest/gtest.h>

#include <string>

namespace leumund::wire {
namespace {

model::MailEvent read(std::string_view line) {
  EventLineReader reader;
  auto event = reader.read(line);
  EXPECT_TRUE(event.ok()) << (event.ok() ? "" : event.error().message);
  return event.ok() ? *event : model::MailEvent{};
}

std::string reason(std::string_view line) {
  EventLineReader reader;
  const auto event = reader.read(line);
  EXPECT_FALSE(event.ok()) << line;
  return event.ok() ? "" : event.error().message;
}

TEST(EventLine, ReadsASubmission) {
  const auto event =
      read(R"({"type":"submission","at":989850723.2,"id":"m1","account":"a@verein.example",)"
           R"("client":"198.51.100.7",)"
           R"("helo":"pc","envelope_sender":"a@verein.example",)"
           R"("recipients":["x@hotmail.com","y@web.de"],"size":1834,)"
           R"("headers":[["Subject","Anmeldung"],["X-Mailer","k\u00f6nig"]],"body":"text",)"
           R"("script":null,"forwarded":false,)"
           R"("queue_id":"4XyZ","new_field":{"deep":[[[1]]]}})");
  const auto& what = std::get<model::Submission>(event.what);
  EXPECT_EQ(event.occurred_at, base::from_unix_seconds(989850723.2));
  EXPECT_EQ(what.account, "a@verein.example");
  EXPECT_EQ(what.client->to_string(), "198.51.100.7");
  EXPECT_EQ(what.recipients.size(), 2U);
  EXPECT_EQ(what.recipient_count, 2U);
  EXPECT_EQ(what.size_bytes, 1834U);
  EXPECT_EQ(what.headers[1].second, "k\xc3\xb6nig");
  EXPECT_EQ(what.queue.queue_id, "4XyZ");
  EXPECT_TRUE(what.script.empty());
}

TEST(EventLine, TheNullSenderIsNotAnUnknownOne) {
  EXPECT_EQ(
      std::get<model::Submission>(read(R"({"type":"submission","at":1,"envelope_sender":""})").what)
          .envelope_sender,
      "");
  EXPECT_FALSE(
      std::get<model::Submission>(read(R"({"type":"submission","at":1})").what).envelope_sender);
  EXPECT_FALSE(std::get<model::Submission>(
                   read(R"({"type":"submission","at":1,"envelope_sender":null})").what)
                   .envelope_sender);
}

TEST(EventLine, ReadsTheOtherKinds) {
  const auto delivery = std::get<model::Delivery>(
      read(
          R"({"type":"delivery","at":"2001-05-14T14:32:03Z","id":"m1","recipient":"x@hotmail.com",)"
          R"("status":"bounced","provider":"microsoft-consumer",)"
          R"("stage":"rcpt","reply":"550 5.1.1 <x>: \"unknown\""})")
          .what);
  EXPECT_EQ(delivery.status, model::DeliveryStatus::bounced);
  EXPECT_EQ(delivery.stage, model::DeliveryStage::rcpt);
  EXPECT_EQ(delivery.provider, "microsoft-consumer");
  EXPECT_EQ(delivery.reply, "550 5.1.1 <x>: \"unknown\"");
  EXPECT_EQ(std::get<model::Complaint>(
                read(R"({"type":"complaint","at":1,"id":null,"account":"a","kind":"abuse"})").what)
                .account,
            "a");
  EXPECT_EQ(std::get<model::TrapHit>(
                read(R"({"type":"trap","at":1,"source_ip":"2001:db8::1","trap":"t"})").what)
                .trap,
            "t");
  EXPECT_FALSE(
      std::get<model::Login>(
          read(R"({"type":"login","at":1,"account":"a","client":"192.0.2.1","ok":false})").what)
          .ok);
  EXPECT_EQ(
      std::get<model::Announcement>(
          read(R"({"type":"announcement","at":1,"account":"a","recipients":600,"until":9})").what)
          .recipients,
      600U);
  EXPECT_EQ(std::get<model::Retraction>(read(R"({"type":"retraction","at":1,"id":"m1"})").what).id,
            "m1");
  EXPECT_EQ(std::get<model::QueueRemoval>(read(R"({"type":"removal","at":1,"queue_id":"4Q"})").what)
                .queue.queue_id,
            "4Q");
}

TEST(EventLine, EveryErrorNamesTheFieldAndTheReason) {
  EXPECT_NE(reason("").find("empty"), std::string::npos);
  EXPECT_NE(reason("garbage").find("JSON"), std::string::npos);
  EXPECT_NE(reason("[1,2]").find("object"), std::string::npos);
  EXPECT_NE(reason(R"({"at":1})").find("type"), std::string::npos);
  EXPECT_NE(reason(R"({"type":"weather","at":1})").find("weather"), std::string::npos);
  EXPECT_NE(reason(R"({"type":"submission"})").find("\"at\""), std::string::npos);
  EXPECT_NE(reason(R"({"type":"submission","at":"yesterday"})").find("\"at\""), std::string::npos);
  EXPECT_NE(reason(R"({"type":"submission","at":1e300})").find("range"), std::string::npos);
  EXPECT_NE(reason(R"({"type":"submission","at":1,"client":"localhost"})").find("localhost"),
            std::string::npos);
  EXPECT_NE(reason(R"({"type":"submission","at":1,"account":17})").find("account"),
            std::string::npos);
  EXPECT_NE(reason(R"({"type":"submission","at":1,"recipients":[1]})").find("recipients"),
            std::string::npos);
  EXPECT_NE(reason(R"({"type":"submission","at":1,"headers":[["a"]]})").find("headers"),
            std::string::npos);
  EXPECT_NE(reason(R"({"type":"delivery","at":1,"recipient":"x","status":"eaten"})").find("eaten"),
            std::string::npos);
  EXPECT_NE(reason(R"({"type":"delivery","at":1,"status":"sent"})").find("recipient"),
            std::string::npos);
  EXPECT_NE(reason(R"({"type":"login","at":1})").find("account"), std::string::npos);
  EXPECT_FALSE(reason(R"({"type":"submission","at":1} trailing)").empty());
  EXPECT_FALSE(reason(R"({"type":"submission","at":1,"id":"cut)").empty());
}

TEST(EventLine, LimitsAreKept) {
  EXPECT_NE(reason(std::string(event_line_bytes_max + 1, ' ')).find("bytes"), std::string::npos);
  std::string many = R"({"type":"submission","at":1,"recipients":["a")";
  for (std::size_t i = 0; i < event_recipients_max; ++i) many += ",\"a\"";
  EXPECT_NE(reason(many + "]}").find("10000"), std::string::npos);
  EXPECT_NE(reason(R"({"type":"submission","at":1,"account":")" + std::string(400, 'a') + "\"}")
                .find("320"),
            std::string::npos);
  // Deep nesting in a field that is not ours is passed over without a stack.
  EXPECT_TRUE(EventLineReader()
                  .read(R"({"type":"removal","at":1,"queue_id":"4","x":)" + std::string(900, '[') +
                        std::string(900, ']') + "}")
                  .ok());
}

TEST(EventLine, AReaderThatRefusedALineReadsTheNextOne) {
  EventLineReader reader;
  EXPECT_FALSE(reader.read("{\"type\":").ok());
  EXPECT_TRUE(reader.read(R"({"type":"removal","at":1,"queue_id":"4Q"})").ok());
}

TEST(EventLine, WhatIsWrittenReadsBackTheSame) {
  for (const char* line :
       {R"({"type":"submission","at":989850723.25,"id":"m1","account":"a@c.test","script":null,)"
        R"("client":"198.51.100.7","client_as":64500,"client_country":"DE","client_latitude":52.5,)"
        R"("client_longitude":13.25,"client_listed":["xbl"],"envelope_sender":"",)"
        R"("recipients":["x@a.test"],"recipient_count":3,"size":12,)"
        R"("headers":[["Subject","ä\n\u0001\"q\""]],"source":"log","stage":"recipient",)"
        R"("queue_id":"4Q","queue_host":"mx"})",
        R"({"type":"delivery","at":-5.5,"id":"m1","recipient":"x@a.test","egress":"192.0.2.25",)"
        R"("provider":"microsoft-consumer",)"
        R"("remote":"mx[192.0.2.9]","transport":"smtp","status":"deferred","stage":"end",)"
        R"("reply":"450 4.2.0 later","source":"log","queue_id":"4Q"})",
        R"({"type":"complaint","at":7,"id":"m1","account":null,"source_ip":"192.0.2.25",)"
        R"("reporter":"r","kind":"abuse"})",
        R"({"type":"trap","at":7,"source_ip":"192.0.2.25","trap":"t"})",
        R"({"type":"login","at":7,"account":"a","client":"2001:db8::7",)"
        R"("service":"imap","ok":false})",
        R"({"type":"announcement","at":7,"account":"a","recipients":600,"until":99.5})",
        R"({"type":"removal","at":7,"queue_id":"4Q","queue_instance":"postfix-out"})",
        R"({"type":"retraction","at":7,"id":"m1","account":"a"})"}) {
    std::string once;
    write_event_line(read(line), once);
    std::string twice;
    write_event_line(read(once), twice);
    EXPECT_EQ(once, twice);
    EXPECT_EQ(once.find("NaN"), std::string::npos);
  }
}

TEST(EventLine, BytesThatAreNotUtf8AreWrittenAsReplacement) {
  std::string out;
  write_json_string("a\xff\xc3(\xed\xa0\x80z", out);
  EXPECT_EQ(out, "\"a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"");
}

TEST(EventLine, BodiesCanBeLeftOut) {
  EventLineReader reader(EventLineReader::Bodies::leave_out);
  const auto event =
      reader.read(R"({"type":"submission","at":1,"body":"long text","account":"a"})");
  ASSERT_TRUE(event.ok());
  EXPECT_TRUE(std::get<model::Submission>(event->what).body.empty());
  EXPECT_EQ(std::get<model::Submission>(event->what).account, "a");
}

}  // namespace
}  // namespace leumund::wire
