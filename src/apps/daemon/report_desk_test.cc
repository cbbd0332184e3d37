// Which mail gets our mark.
#include "apps/daemon/report_desk.h"

#include <gtest/gtest.h>

#include <string>

#include "wire/trace_token.h"

namespace leumund::apps {
namespace {

constexpr base::TimePoint now = base::TimePoint(std::chrono::hours(400'000));
const model::Subject anna{model::SubjectKind::account, "anna@c.test"};
const model::Subject bert{model::SubjectKind::account, "bert@c.test"};

class ReportDeskTest : public testing::Test {
 protected:
  ReportDeskTest() {
    ReportDeskSettings settings;
    settings.marks = true;
    desk_ = ReportDesk::open(
                std::move(settings), [](const auto&) { return true; }, [] { return now; })
                .value();
  }
  // Whom the mark names that this mail of `whose` is given; "" for none.
  std::string marked_as(const model::Subject& whose, const std::string& its_header) {
    model::MailEvent event;
    model::Submission& mail = event.what.emplace<model::Submission>();
    mail.source = model::Source::milter;
    mail.id = "milter/4A/" + std::to_string(++serial_);
    mail.headers = {{std::string(wire::trace_header), its_header}};
    model::Answer answer;
    desk_->mark(event, whose, answer);
    const auto token = wire::read_trace_token({}, answer.trace);
    return token ? token->subject : "";
  }
  static std::string mark_of(const model::Subject& whose) {
    return wire::make_trace_token(
        {}, {.made_at = now, .recipient_mark = 0, .id = "policy/1", .subject = whose.to_string()});
  }

  std::unique_ptr<ReportDesk> desk_;
  int serial_ = 0;
};

TEST_F(ReportDeskTest, AMailThatPolicyMarkedIsNotMarkedAgain) {
  EXPECT_EQ(marked_as(anna, mark_of(anna)), "");
}

TEST_F(ReportDeskTest, AMarkCopiedFromSomebodyElsesMailHidesNobody) {
  EXPECT_EQ(marked_as(bert, mark_of(anna)), "account:bert@c.test");
  EXPECT_EQ(marked_as(bert, "v1.invented"), "account:bert@c.test");
}

}  // namespace
}  // namespace leumund::apps
