#include "intake/foreign_mail.h"

#include <algorithm>

#include "wire/mime.h"

namespace leumund::intake {
namespace {

using wire::MimeKind;

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

std::optional<TakenMail> reported_foreign_mail(std::string_view raw, const OurHosts& ours,
                                               base::TimePoint now) {
  wire::MimeTree tree;
  wire::scan_mime(raw, tree);
  if (is_answer(tree)) return std::nullopt;
  for (const wire::MimePart& part : tree.parts) {
    if (part.parent == wire::no_part) continue;
    const bool inside = tree.parts[part.parent].kind == MimeKind::message;
    const std::string_view header = inside                                   ? part.header
                                    : part.kind == MimeKind::message_headers ? part.body
                                                                             : std::string_view();
    const auto lines = received_lines(header);
    if (lines.empty()) continue;
    TakenMail found = of_trace(trace_injection(lines, ours), now);
    if (found.origin != MailOrigin::stranger) return std::nullopt;
    return found;
  }
  return std::nullopt;
}

}  // namespace leumund::intake
