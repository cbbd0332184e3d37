// A report as mail events: what became of our mail at each recipient, or who complained of it.
//
// Anybody can send us a report, so nothing in one is believed for itself. A result counts only when
// it is about a message of ours that the reporter must have seen:
//   - a complaint needs our own mark in the returned header (wire::read_trace_token), which nobody
//     else can make, or the queue id of a message that we remember together with one of its
//     recipients;
//   - a bounce or delay needs a message that we remember, by mark or queue id, and a recipient that
//     this message had. A success changes nothing: that mail was taken the log has told.
// What stays open to a recipient of real mail is to lie about that mail. So one recipient counts
// against one sender at most once in `say_again_after`, with a complaint or a refusal, a domain
// that is not a mailbox provider's complains at most once, whichever of its addresses speaks, and a
// message brings at most one complaint: what that adds is below any threshold one can configure.
// Everything else is counted and changes nothing.
//
// Flow:    wire::DeliveryReport -> ReportJudge -> model::MailEvent -> engine.
// Time:    both times of an event are `now`: the date that a report bears is the reporter's word. A
//          mark older than `marks_live` is no proof any more.
// Limits:  names over 320 bytes and answers over 4 KiB are cut by the report's reader; the memory
//          of what was said holds 100,000 results.
// Threads: one at a time.
// Errors:  none: a report that says nothing about a mail of ours gives no event.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/time.h"
#include "intake/recent_keys.h"
#include "model/mail_event.h"
#include "wire/delivery_report.h"
#include "wire/trace_token.h"

namespace leumund::intake {

// What we remember of a message of ours.
struct KnownMessage {
  std::uint64_t number = 0;     // tells messages apart
  std::string subject;          // whose it is: "account:a@verein.example"
  bool had_recipient = false;   // the recipient that was asked for
  bool recipient_done = false;  // ... and its fate is known: delivered or refused
};

struct ReportNaming {
  // Host names under which our servers write themselves into Received lines and Reporting-MTA;
  // their queue ids are ours. Lower case.
  std::vector<std::string> own_hosts;
  // QueueKey::instance of the Postfix instances whose queue ids may come back.
  std::vector<std::string> instances = {""};
  base::HashKey key;  // of our marks
  // Whether many people have addresses under a domain (a mailbox provider's); nothing: always.
  std::function<bool(std::string_view domain)> of_many_people = {};
  // Looks a message up by submission id or queue id; either may be empty. Never null.
  std::function<std::optional<KnownMessage>(std::string_view id, const model::QueueKey& queue,
                                            std::string_view recipient)>
      find_message;
};

struct JudgedReport {
  std::vector<model::MailEvent> events;
  std::uint32_t unverified = 0;      // results that could not be tied to a message of ours
  std::uint32_t repeated = 0;        // results of a recipient that was heard already
  std::vector<std::uint64_t> heard;  // for ReportJudge::forget()
};

// Stands for a recipient: in our marks, and where no mark came back.
[[nodiscard]] std::uint32_t mark_of_recipient(const ReportNaming& naming,
                                              std::string_view recipient);

class ReportJudge {
 public:
  static constexpr std::chrono::days marks_live{30};
  static constexpr std::chrono::days say_again_after{7};

  explicit ReportJudge(ReportNaming naming);

  // For a bounce or delay a Delivery per recipient; for a complaint one Complaint. Successes,
  // automatic answers, authentication failure reports and "not spam" give nothing.
  [[nodiscard]] JudgedReport judge(const wire::DeliveryReport& report, base::TimePoint now);
  // The events could not be kept, and the report will come again.
  void forget(const JudgedReport& judged);

 private:
  // A message of ours, and how we know that the report is about it.
  struct Found {
    KnownMessage message;
    std::string id;  // of the submission, from our mark
    model::QueueKey queue;
    std::string recipient;  // the one of its recipients that is spoken of
  };
  using Names = std::vector<std::string_view>;

  [[nodiscard]] bool is_own(std::string_view host) const;
  [[nodiscard]] std::string queue_id_of(const wire::DeliveryReport& report) const;
  [[nodiscard]] std::optional<wire::TraceToken> mark_of(const wire::DeliveryReport& report,
                                                        base::TimePoint now) const;
  // The first of `recipients` that a remembered message had.
  [[nodiscard]] std::optional<Found> find(const std::string& id, const std::string& queue_id,
                                          const Names& recipients) const;
  // False where one of the keys was heard before.
  bool first(std::initializer_list<std::uint64_t> keys, base::TimePoint now, JudgedReport& out);
  void judge_complaint(const wire::DeliveryReport& report,
                       const std::optional<wire::TraceToken>& mark, base::TimePoint now,
                       JudgedReport& out);
  void judge_recipient(const wire::DeliveryReport& report, const wire::RecipientReport& recipient,
                       const std::optional<wire::TraceToken>& mark, base::TimePoint now,
                       JudgedReport& out);

  const ReportNaming naming_;
  RecentKeys heard_;
};

}  // namespace leumund::intake
