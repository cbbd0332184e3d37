// Who counts as one and the same reporter.
#include "intake/report_event.h"

#include <gtest/gtest.h>

namespace leumund::intake {
namespace {

base::TimePoint noon() { return base::TimePoint(std::chrono::hours(480'000)); }

TEST(ReportJudge, AHouseComplainsOnceWhicheverOfItsAddressesSpeaks) {
  ReportNaming naming;
  naming.of_many_people = [](std::string_view domain) { return domain == "viele.example"; };
  naming.find_message = [](std::string_view, const model::QueueKey&, std::string_view) {
    return std::optional<KnownMessage>();
  };
  ReportJudge judge(naming);
  const auto events = [&](const std::string& id, const std::string& recipient) {
    wire::DeliveryReport report;
    report.kind = wire::ReportKind::feedback;
    report.feedback.emplace().type = "abuse";
    report.original.trace =
        wire::make_trace_token(naming.key, {.made_at = noon(),
                                            .recipient_mark = mark_of_recipient(naming, recipient),
                                            .id = id,
                                            .subject = "account:kasse@verein.example"});
    return judge.judge(report, noon()).events.size();
  };
  EXPECT_EQ(events("h1", "ich@eigene.example"), 1U);
  EXPECT_EQ(events("h2", "auch-ich@Eigene.example"), 0U);
  EXPECT_EQ(events("h3", "und-ich@eigene.example"), 0U);
  EXPECT_EQ(events("h4", "a@viele.example"), 1U);
  EXPECT_EQ(events("h5", "b@viele.example"), 1U);
  EXPECT_EQ(events("h6", "a@viele.example"), 0U) << "the same address again";
  EXPECT_EQ(events("h7", "wer@andere.example"), 1U);
}

}  // namespace
}  // namespace leumund::intake
