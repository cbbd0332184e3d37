#include "wire/delivery_report.h"

#include <algorithm>
#include <utility>

#include "wire/charset.h"
#include "wire/delivery_report_answer.h"
#include "wire/delivery_report_envelope.h"
#include "wire/delivery_report_lines.h"
#include "wire/delivery_report_notification.h"
#include "wire/delivery_report_original.h"
#include "wire/delivery_report_parts.h"
#include "wire/delivery_report_phrases.h"
#include "wire/delivery_report_status.h"
#include "wire/delivery_report_text.h"
#include "wire/mime.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

constexpr std::uint32_t failure_bits = phrase_bit(Phrase::failure) | phrase_bit(Phrase::transcript);

void append_addresses(std::string_view value, std::vector<std::string>& out, std::size_t most) {
  for (auto place = find_address(value); place && out.size() < most;
       place = find_address(value, place->begin + place->size)) {
    const std::string_view address = place->in(value);
    if (std::none_of(out.begin(), out.end(), [&](const std::string& known) {
          return equal_ignoring_case(known, address);
        })) {
      out.emplace_back(address);
    }
  }
}

bool says_more(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || static_cast<unsigned char>(c) >= 0x80;
  });
}

void add_note(std::string_view note, RecipientReport& out) {
  constexpr std::size_t most = 8;
  if (note.empty() || out.notes.size() >= most || out.text.find(note) != std::string::npos) return;
  for (const auto& known : out.notes) {
    if (known.find(note) != std::string::npos) return;
  }
  out.notes.emplace_back(note);
}

}  // namespace

struct DeliveryReportReader::Work {
  explicit Work(ReportLimits given) : limits(given) {}

  DeliveryReport read(std::string_view raw, int nesting);

  void read_notice();
  void read_original(DeliveryReport& report);
  void read_status(DeliveryReport& report);
  void read_status_in_text(DeliveryReport& report);
  bool read_notification(DeliveryReport& report);
  bool read_wrapped(int nesting, DeliveryReport& report);
  void from_status(const StatusPart& status, DeliveryReport& report);
  void from_text(DeliveryReport& report);
  void fill_answer(std::string_view diagnostic, std::string_view words, bool only,
                   RecipientReport& out) const;
  [[nodiscard]] bool list_refuses() const;
  [[nodiscard]] bool text_is_report(const DeliveryReport& report) const;
  void read_receipt(DeliveryReport& report);
  void answer_from_person(DeliveryReport& report);
  void from_feedback(DeliveryReport& report);

  ReportLimits limits;
  CharsetReader charsets;
  MimeTree tree;
  ReportParts parts;
  HeaderFields root;
  ReportEnvelope envelope;
  std::string text;                                // of the parts for people
  std::size_t status_in_text = std::string::npos;  // where the fields of a status part begin in it
  TextReport said;                                 // what it says
};

void DeliveryReportReader::Work::read_notice() {
  text.clear();
  for (const std::size_t i : parts.texts) {
    if (text.size() >= limits.text_bytes) break;
    append_part_text(tree.parts[i], limits.text_bytes - text.size(), charsets, text);
    text.push_back('\n');
  }
  if (trim_blanks(text).size() < 20) {
    for (const std::size_t i : parts.html) {
      if (text.size() >= limits.text_bytes) break;
      append_part_text(tree.parts[i], limits.text_bytes - text.size(), charsets, text);
      text.push_back('\n');
    }
  }
  TextHints hints;
  hints.addressee = envelope.to;
  hints.reporter = envelope.from;
  hints.max_recipients = limits.recipients;
  hints.answer_bytes = limits.answer_bytes;
  append_addresses(root.get("X-Failed-Recipients"), hints.known, limits.recipients);
  status_in_text = parts.status.empty() ? find_status_fields(text) : std::string::npos;
  said = read_report_text(std::string_view(text).substr(0, status_in_text), hints);
  if (status_in_text != std::string::npos) said.returned = text.size();
}

void DeliveryReportReader::Work::read_original(DeliveryReport& report) {
  if (parts.message != no_part) {
    const MimePart& part = tree.parts[parts.message];
    if (part.kind == MimeKind::message && parts.message + 1 < tree.parts.size() &&
        tree.parts[parts.message + 1].parent == parts.message) {
      take_original_header(HeaderFields(tree.parts[parts.message + 1].header), charsets,
                           report.original);
      return;
    }
    std::string block;
    append_decoded(part.body, part.encoding, header_bytes_read, block);
    take_original_header(HeaderFields(block), charsets, report.original);
    return;
  }
  if (said.returned >= text.size()) return;
  // Behind the line that announces it; quotation marks of old gateways go.
  std::string_view rest = std::string_view(text).substr(said.returned, header_bytes_read);
  std::string block;
  bool any = false;
  while (!rest.empty()) {
    const std::size_t newline = rest.find('\n');
    std::string_view line = rest.substr(0, newline);
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    while (line.starts_with("> ") || line.starts_with("| ")) line.remove_prefix(2);
    const bool header = header_name_size(line) != 0;
    if (!any && !header) continue;
    if (line.empty()) break;
    any = true;
    block.append(line).push_back('\n');
  }
  take_original_header(HeaderFields(block), charsets, report.original);
}

// Chooses the answer among what the report says and files the rest as notes.
void DeliveryReportReader::Work::fill_answer(std::string_view diagnostic, std::string_view words,
                                             bool only, RecipientReport& out) const {
  std::vector<std::string_view> own;
  for (const auto& answer : said.answers) {
    if (only || (!out.recipient.empty() && contains_ignoring_case(answer, out.recipient))) {
      own.push_back(answer);
    }
  }
  std::vector<std::string_view> candidates;
  if (!diagnostic.empty()) candidates.push_back(diagnostic);
  if (!words.empty()) candidates.push_back(words);
  candidates.insert(candidates.end(), own.begin(), own.end());
  const auto coded = std::find_if(candidates.begin(), candidates.end(), [](std::string_view one) {
    return find_answer(one).has_value();
  });
  std::string_view best;
  if (coded != candidates.end()) {
    best = *coded;
    // "550 4.4.7 message expired" only says that it took too long; another answer says why.
    const auto cause = std::find_if(coded, candidates.end(), [](std::string_view one) {
      return find_answer(one).has_value() && !find_status(one).ends_with(".4.7");
    });
    if (find_status(best).ends_with(".4.7") && cause != candidates.end()) best = *cause;
  } else {
    const auto telling = std::find_if(candidates.begin(), candidates.end(), says_more);
    if (telling != candidates.end()) best = *telling;
  }
  out.text.assign(best.substr(0, limits.answer_bytes));
  for (const std::string_view candidate : candidates) add_note(candidate, out);
  if (only) {
    for (const auto& answer : said.answers) add_note(answer, out);
  }
  const std::string_view notice = trim_blanks(said.notice);
  if (out.text.empty()) {
    out.text.assign(notice.substr(0, limits.answer_bytes));
    std::replace(out.text.begin(), out.text.end(), '\n', ' ');
  }
  add_note(notice, out);
  if (const auto answer = find_telling_answer(out.text)) out.code = answer->code;
  if (!out.code && (out.action == ReportAction::delivered || out.action == ReportAction::relayed)) {
    // "250 2.6.0 Message received"
    if (out.text.starts_with("25") && out.text.size() > 3 && out.text[3] == ' ') out.code = 250;
  }
  const std::string_view status = find_status(out.text);
  // The field beside the answer is often a summary of less worth, unless the answer quotes it.
  const bool quoted = !out.status.empty() && !out.status.ends_with(".0.0") &&
                      !out.status.ends_with(".4.7") &&
                      out.text.find(out.status) != std::string::npos;
  if (!quoted && !status.empty() && (out.status.empty() || !status.ends_with(".0.0"))) {
    out.status = status;
  }
  out.stage = find_stage(out.text);
  if (out.stage == model::DeliveryStage::unknown) out.stage = find_stage(words);
  if (out.stage == model::DeliveryStage::unknown && only) out.stage = find_stage(said.notice);
  if (out.remote_mta.empty()) out.remote_mta = find_remote(out.text);
  if (out.remote_mta.empty()) out.remote_mta = find_remote(words);
  if (out.remote_mta.empty() && only) out.remote_mta = find_remote(said.notice);
}

void DeliveryReportReader::Work::from_status(const StatusPart& status, DeliveryReport& report) {
  report.reporting_mta = status.reporting_mta;
  report.arrival_date = status.arrival_date;
  report.original.envelope_id = status.envelope_id;
  report.original.queue_id = status.queue_id;
  report.original.envelope_sender = status.sender;
  bool failed = false;
  bool delayed = false;
  for (const auto& from : status.recipients) {
    RecipientReport to;
    // A local name or an X.400 name is no address; the sender knows the one he wrote to.
    const bool nameless = from.recipient.find('@') == std::string::npos;
    to.recipient =
        nameless && !from.original_recipient.empty() ? from.original_recipient : from.recipient;
    const bool repeated = std::any_of(
        report.recipients.begin(), report.recipients.end(), [&](const RecipientReport& known) {
          return known.action == from.action && equal_ignoring_case(known.recipient, to.recipient);
        });
    if (repeated && status.recipients.size() < 100) continue;
    if (!equal_ignoring_case(from.original_recipient, to.recipient)) {
      to.original_recipient = from.original_recipient;
    }
    to.action = from.action;
    to.status = from.status;
    to.remote_mta = from.remote_mta;
    std::string_view words;
    for (const auto& named : said.recipients) {
      if (equal_ignoring_case(named.recipient, to.recipient) ||
          equal_ignoring_case(named.recipient, from.original_recipient)) {
        words = named.text;
        break;
      }
    }
    std::string diagnostic = from.diagnostic;
    if (diagnostic.empty() && words.empty()) diagnostic = from.status_comment;
    fill_answer(diagnostic, words, status.recipients.size() == 1, to);
    failed = failed || to.action == ReportAction::failed ||
             (to.action == ReportAction::none && !to.status.starts_with('2'));
    delayed = delayed || to.action == ReportAction::delayed;
    report.recipients.push_back(std::move(to));
  }
  report.kind = failed ? ReportKind::bounce : delayed ? ReportKind::delayed : ReportKind::success;
}

void DeliveryReportReader::Work::read_status(DeliveryReport& report) {
  std::string block;
  for (const std::size_t i : parts.status) {
    if (block.size() >= limits.status_bytes) break;
    append_part_text(tree.parts[i], limits.status_bytes - block.size(), charsets, block);
    block += "\n\n";
  }
  from_status(read_status_part(block, limits.recipients), report);
}

// The status part as running text: MIME was lost on the way, or never declared.
void DeliveryReportReader::Work::read_status_in_text(DeliveryReport& report) {
  if (status_in_text == std::string::npos) return;
  const std::string_view fields = std::string_view(text).substr(status_in_text);
  const std::size_t end = find_returned_headers(fields);
  from_status(read_status_part(fields.substr(0, end), limits.recipients), report);
  if (parts.message == no_part) said.returned = status_in_text + end;
}

bool DeliveryReportReader::Work::read_notification(DeliveryReport& report) {
  auto notification = read_service_notification(text);
  if (!notification) return false;
  from_status(notification->status, report);
  report.original = std::move(notification->original);
  if (notification->complaint) {
    report.feedback = std::move(notification->complaint);
    report.recipients.clear();
    from_feedback(report);
  }
  return true;
}

// A gateway or a person of a helpdesk's system wrapped somebody else's report into a notice.
bool DeliveryReportReader::Work::read_wrapped(int nesting, DeliveryReport& report) {
  const bool system = envelope.daemon || envelope.null_sender || envelope.auto_submitted;
  if (!system || nesting == 0 || said.certainty >= 3) return false;
  std::string inner;
  if (parts.message != no_part && tree.parts[parts.message].kind == MimeKind::message) {
    const MimePart& part = tree.parts[parts.message];
    append_decoded(part.body, part.encoding, part.body.size(), inner);
  } else if (said.returned < text.size()) {
    inner = text.substr(said.returned);
    // The announcing line and what rules it off are no header.
    std::size_t begin = 0;
    while (begin < inner.size() &&
           header_name_size(std::string_view(inner).substr(begin, 100)) == 0) {
      const std::size_t newline = inner.find('\n', begin);
      begin = newline == std::string::npos ? inner.size() : newline + 1;
    }
    inner.erase(0, begin);
  }
  if (inner.empty()) return false;
  DeliveryReport nested = Work(limits).read(inner, nesting - 1);
  if (nested.kind == ReportKind::ordinary || nested.recipients.empty()) return false;
  report = std::move(nested);
  return true;
}

// A mailing list's program tells the sender that the list did not take his mail.
bool DeliveryReportReader::Work::list_refuses() const {
  const bool automatic = envelope.auto_submitted || envelope.auto_answer || envelope.null_sender;
  return automatic && (said.phrases & phrase_bit(Phrase::list)) != 0 &&
         !list_of_robot(envelope.from).empty();
}

// A text without a status part: is it a report at all?
bool DeliveryReportReader::Work::text_is_report(const DeliveryReport& report) const {
  if (root.has("X-Failed-Recipients") || root.has("X-Bounced-Address")) return true;
  const std::uint32_t subject = phrases_in(report.subject);
  const std::uint32_t both = subject | said.phrases;
  const bool fails = (both & (failure_bits | phrase_bit(Phrase::delay))) != 0;
  const bool system = envelope.daemon || envelope.null_sender;
  const bool returns = said.returned < text.size() || parts.message != no_part;
  const bool points = said.certainty >= 3 || !said.answers.empty() || returns;
  if (system && (subject & (phrase_bit(Phrase::away) | phrase_bit(Phrase::automatic))) == 0) {
    // A postmaster also writes about quotas; a bounce says who, or what, or returns the message.
    if (fails && (points || envelope.null_sender || (subject & phrase_bit(Phrase::failure)) != 0)) {
      return true;
    }
    // In a language whose phrases are not known.
    if (!said.answers.empty() || (said.certainty >= 3 && returns)) return true;
  }
  if (subject & phrase_bit(Phrase::list) || list_refuses()) return true;
  if (envelope.auto_answer && !system) return false;
  // People write about bounces, too.
  if (!system && (root.has("In-Reply-To") || root.has("References"))) return false;
  if ((subject & phrase_bit(Phrase::failure)) != 0 &&
      (said.certainty >= 3 || !said.answers.empty())) {
    return true;
  }
  return (said.phrases & failure_bits) != 0 && said.certainty >= 3 && returns;
}

void DeliveryReportReader::Work::from_text(DeliveryReport& report) {
  const std::uint32_t phrases = said.phrases | phrases_in(report.subject);
  const bool late = (phrases & phrase_bit(Phrase::delay)) != 0;
  const bool arrived =
      (phrases & phrase_bit(Phrase::success)) != 0 && (phrases & phrase_bit(Phrase::failure)) == 0;
  report.kind = late ? ReportKind::delayed : arrived ? ReportKind::success : ReportKind::bounce;
  const ReportAction action = late      ? ReportAction::delayed
                              : arrived ? ReportAction::delivered
                                        : ReportAction::failed;
  std::vector<TextRecipient> recipients = said.recipients;
  if (list_refuses()) {
    recipients = {{list_of_robot(envelope.from), ""}};
  } else if (said.certainty <= 1) {
    // Nothing but a guess: to whom the returned message went is a better one.
    if (!report.original.to.empty()) recipients = {{report.original.to, ""}};
    if (recipients.size() > 1) recipients.resize(1);
    if (recipients.empty()) recipients.push_back({"", ""});
  }
  for (const auto& from : recipients) {
    RecipientReport to;
    to.recipient = from.recipient;
    to.action = action;
    fill_answer("", from.text, recipients.size() == 1, to);
    report.recipients.push_back(std::move(to));
  }
}

// RFC 8098: its fields are written as those of a delivery status.
void DeliveryReportReader::Work::read_receipt(DeliveryReport& report) {
  report.kind = ReportKind::auto_reply;
  std::string block;
  append_part_text(tree.parts[parts.disposition], limits.status_bytes, charsets, block);
  const StatusPart status = read_status_part(block, 1);
  RecipientReport who;
  who.recipient = status.recipients.empty() ? envelope.from : status.recipients.front().recipient;
  if (who.recipient.empty()) who.recipient = envelope.from;
  report.recipients.push_back(std::move(who));
}

void DeliveryReportReader::Work::answer_from_person(DeliveryReport& report) {
  const std::uint32_t phrases = phrases_in(report.subject) | said.phrases;
  const bool away = (phrases & phrase_bit(Phrase::away)) != 0;
  const bool automatic =
      envelope.auto_answer || (phrases_in(report.subject) & phrase_bit(Phrase::automatic)) != 0 ||
      // RFC 3834: nobody may answer it, it is no mail of its own, and a person is the author.
      (envelope.null_sender && envelope.bulk && !envelope.daemon && !envelope.from.empty() &&
       !root.has("List-Unsubscribe") && !root.has("List-Id"));
  const bool away_by_itself = (phrases_in(report.subject) & phrase_bit(Phrase::away)) != 0 &&
                              (envelope.auto_submitted || envelope.null_sender ||
                               (envelope.bulk && !root.has("List-Unsubscribe")));
  if (parts.disposition != no_part) {
    read_receipt(report);
    return;
  }
  if (!automatic && !away_by_itself) return;
  report.kind = away ? ReportKind::vacation : ReportKind::auto_reply;
  RecipientReport who;
  who.recipient = envelope.from;
  who.text.assign(trim_blanks(said.notice).substr(0, limits.answer_bytes));
  std::replace(who.text.begin(), who.text.end(), '\n', ' ');
  report.recipients.push_back(std::move(who));
}

void DeliveryReportReader::Work::from_feedback(DeliveryReport& report) {
  report.kind = ReportKind::feedback;
  const auto add = [&](const std::string& recipient) {
    RecipientReport who;
    who.recipient = recipient;
    who.text.assign(trim_blanks(said.notice).substr(0, limits.answer_bytes));
    std::replace(who.text.begin(), who.text.end(), '\n', ' ');
    report.recipients.push_back(std::move(who));
  };
  for (const auto& recipient : report.feedback->original_recipients) add(recipient);
  if (report.recipients.empty()) add("");
}

DeliveryReport DeliveryReportReader::Work::read(std::string_view raw, int nesting) {
  DeliveryReport report;
  scan_mime(raw, tree);
  root.parse(tree.parts.front().header);
  envelope = read_report_envelope(root);
  parts.gather(tree);
  read_notice();
  report.from = envelope.from;
  report.subject = decode_header(root.get("Subject"), charsets);
  report.date = unfold_header(root.get("Date"));
  if (!parts.status.empty()) read_status(report);
  if (report.recipients.empty()) read_status_in_text(report);
  if (report.recipients.empty() && read_notification(report)) return report;
  read_original(report);
  if (!report.recipients.empty()) return report;
  report.feedback = read_feedback_report(tree, report.subject, said.notice,
                                         said.returned < text.size(), charsets);
  if (report.feedback) {
    from_feedback(report);
    return report;
  }
  if (read_wrapped(nesting, report)) return report;
  report.kind = ReportKind::ordinary;
  if (text_is_report(report)) {
    from_text(report);
  } else {
    answer_from_person(report);
  }
  return report;
}

DeliveryReportReader::DeliveryReportReader(ReportLimits limits)
    : work_(std::make_unique<Work>(limits)) {}
DeliveryReportReader::~DeliveryReportReader() = default;
DeliveryReportReader::DeliveryReportReader(DeliveryReportReader&&) noexcept = default;
DeliveryReportReader& DeliveryReportReader::operator=(DeliveryReportReader&&) noexcept = default;

DeliveryReport DeliveryReportReader::read(std::string_view raw) { return work_->read(raw, 1); }

}  // namespace leumund::wire
