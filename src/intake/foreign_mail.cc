#include "intake/foreign_mail.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "intake/pasted_header.h"
#include "wire/mime.h"
#include "wire/mime_header.h"

namespace leumund::intake {
namespace {

using wire::MimeKind;

constexpr std::size_t texts_read = 8;  // of a mail

TakenMail of_trace(const InjectionTrace& trace, base::TimePoint now) {
  TakenMail out;
  if (trace.hops.empty() || trace.hops.front().fault == HopFault::other_writer) return out;
  const wire::ReceivedLine& line = trace.hops[trace.border].line;
  out.at = std::min(line.at.value_or(now), now);
  out.account = line.account;
  out.queue_id = line.id;
  if (!trace.injector) {
    if (trace.border_unreadable) return out;
    out.origin = line.authenticated && !line.local ? MailOrigin::account : MailOrigin::ourselves;
    return out;
  }
  out.client = trace.injector;
  if (!trace.proven) {
    out.origin = MailOrigin::ourselves;
  } else {
    out.origin = line.authenticated ? MailOrigin::account : MailOrigin::stranger;
  }
  return out;
}

bool is_in_message(const wire::MimeTree& tree, const wire::MimePart& part) {
  for (std::size_t up = part.parent; up != wire::no_part; up = tree.parts[up].parent) {
    if (tree.parts[up].kind == MimeKind::message) return true;
  }
  return false;
}

// The first text that holds a mail of somebody else says how.
ReportedMail pasted_mail(const wire::MimeTree& tree, const OurHosts& ours, base::TimePoint now) {
  wire::CharsetReader charsets;
  std::size_t texts = 0;
  for (const wire::MimePart& part : tree.parts) {
    const bool text = part.kind == MimeKind::text_plain || part.kind == MimeKind::text_html;
    if (!text || is_in_message(tree, part)) continue;
    if (++texts > texts_read) break;
    const PastedHeader pasted = find_pasted_header(part, charsets);
    if (pasted.found == PastedHeader::Found::nothing) continue;
    if (pasted.found == PastedHeader::Found::no_header) return {.as = ReportedAs::no_header};
    return {.as = ReportedAs::pasted,
            .mail = of_trace(trace_injection(received_lines(pasted.lines), ours), now)};
  }
  return {};
}

// Written by a program (RFC 3834, and what older ones say).
bool is_automatic(const wire::HeaderFields& header) {
  const std::string_view automatic = wire::trim_blanks(header.get("Auto-Submitted"));
  return (!automatic.empty() && !wire::starts_ignoring_case(automatic, "no")) ||
         header.has("X-Autoreply") || header.has("X-Autorespond") ||
         wire::contains_ignoring_case(header.get("Precedence"), "auto_reply");
}

bool is_feedback(const wire::MimeTree& tree) {
  return std::ranges::any_of(
      tree.parts, [](const auto& part) { return part.kind == MimeKind::feedback_report; });
}

bool is_forward(std::string_view subject) {
  constexpr std::array<std::string_view, 4> marks = {"Fwd:", "Fw:", "WG:", "[Fwd:"};
  return std::ranges::any_of(marks,
                             [&](auto mark) { return wire::starts_ignoring_case(subject, mark); });
}

// A delivery status or a receipt: about a mail of somebody else.
bool is_answer(const wire::MimeTree& tree) {
  return std::ranges::any_of(tree.parts, [](const auto& part) {
    return part.kind == MimeKind::delivery_status || part.kind == MimeKind::disposition;
  });
}

}  // namespace

std::optional<TakenMail> taken_mail(std::string_view raw, const OurHosts& ours,
                                    base::TimePoint now) {
  wire::MimeTree tree;
  wire::scan_mime(raw, tree);
  if (tree.parts.empty() || is_answer(tree)) return std::nullopt;
  return of_trace(trace_injection(received_lines(tree.parts.front().header), ours), now);
}

ReportedMail reported_foreign_mail(std::string_view raw, const OurHosts& ours,
                                   base::TimePoint now) {
  wire::MimeTree tree;
  wire::scan_mime(raw, tree);
  if (tree.parts.empty() || is_answer(tree)) return {};
  bool attached = false;
  for (const wire::MimePart& part : tree.parts) {
    // What a spam has attached itself is the spammer's.
    if (part.parent == wire::no_part || is_in_message(tree, tree.parts[part.parent])) continue;
    const bool inside = tree.parts[part.parent].kind == MimeKind::message;
    attached = attached || inside;
    const std::string_view header = inside                                   ? part.header
                                    : part.kind == MimeKind::message_headers ? part.body
                                                                             : std::string_view();
    const auto lines = received_lines(header);
    if (lines.empty()) continue;
    const TakenMail mail = of_trace(trace_injection(lines, ours), now);
    // Most feedback is about what we sent ourselves.
    if (is_feedback(tree) && mail.origin != MailOrigin::stranger) return {};
    return {.as = ReportedAs::attached, .mail = mail};
  }
  const wire::HeaderFields own(tree.parts.front().header);
  if (is_automatic(own)) return {};
  ReportedMail out = pasted_mail(tree, ours, now);
  if (attached && out.as == ReportedAs::nothing) out.as = ReportedAs::no_header;
  out.is_forward = is_forward(own.get("Subject"));
  out.from = base::ascii_lower(wire::address_of(own.get("From")));
  return out;
}

}  // namespace leumund::intake
