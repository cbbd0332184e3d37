#include "intake/foreign_mail.h"

#include <algorithm>

#include "base/ascii.h"
#include "intake/injection_trace.h"
#include "wire/mime.h"

namespace leumund::intake {
namespace {

using wire::MimeKind;

std::optional<ForeignMail> of_header(std::string_view header,
                                     std::span<const base::IpPrefix> trusted, base::TimePoint now,
                                     InjectionTrace& trace) {
  trace = trace_injection(received_lines(header), trusted);
  if (!trace.injector || trace.border >= trace.hops.size()) return std::nullopt;
  const wire::ReceivedLine& border = trace.hops[trace.border].line;
  return ForeignMail{*trace.injector, std::min(border.at.value_or(now), now)};
}

// A delivery status or a receipt: about a mail of somebody else.
bool is_answer(const wire::MimeTree& tree) {
  return std::ranges::any_of(tree.parts, [](const auto& part) {
    return part.kind == MimeKind::delivery_status || part.kind == MimeKind::disposition;
  });
}

bool is_own(std::string_view host, std::span<const std::string> own_hosts) {
  const std::string name = base::ascii_lower(host);
  return std::ranges::find(own_hosts, name) != own_hosts.end();
}

}  // namespace

std::optional<ForeignMail> foreign_mail(std::string_view raw,
                                        std::span<const base::IpPrefix> trusted,
                                        base::TimePoint now) {
  wire::MimeTree tree;
  wire::scan_mime(raw, tree);
  if (tree.parts.empty() || is_answer(tree)) return std::nullopt;
  InjectionTrace trace;
  return of_header(tree.parts.front().header, trusted, now, trace);
}

std::optional<ForeignMail> reported_foreign_mail(std::string_view raw,
                                                 std::span<const base::IpPrefix> trusted,
                                                 std::span<const std::string> own_hosts,
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
    if (header.empty()) continue;
    InjectionTrace trace;
    const auto found = of_header(header, trusted, now, trace);
    if (trace.hops.empty()) continue;
    const wire::ReceivedLine& border = trace.hops[found ? trace.border : 0].line;
    const bool ours = is_own(trace.hops.front().line.by, own_hosts);
    if (!found || !ours || border.authenticated || border.local) return std::nullopt;
    return found;
  }
  return std::nullopt;
}

}  // namespace leumund::intake
