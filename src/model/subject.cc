#include "model/subject.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"

namespace leumund::model {
namespace {

constexpr std::size_t name_bytes_max = 320;  // RFC 5321: local part 64, @, domain 255

constexpr std::array<std::pair<SubjectKind, std::string_view>, 11> kind_names = {{
    {SubjectKind::account, "account"},
    {SubjectKind::script, "script"},
    {SubjectKind::forward, "forward"},
    {SubjectKind::campaign, "campaign"},
    {SubjectKind::client_address, "client"},
    {SubjectKind::network, "network"},
    {SubjectKind::egress, "egress"},
    {SubjectKind::provider, "provider"},
    {SubjectKind::address, "address"},
    {SubjectKind::domain, "domain"},
    {SubjectKind::list, "list"},
}};

}  // namespace

std::string_view subject_kind_name(SubjectKind kind) {
  for (const auto& [known, name] : kind_names) {
    if (known == kind) return name;
  }
  return "account";
}

std::string fold_account(std::string_view name) { return base::ascii_lower(name); }

std::string Subject::to_string() const {
  std::string out(subject_kind_name(kind));
  out += ':';
  out += name;
  return out;
}

std::optional<Subject> Subject::parse(std::string_view text) {
  Subject result;
  for (const auto& [kind, name] : kind_names) {
    if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == ':') {
      result.kind = kind;
      text.remove_prefix(name.size() + 1);
      break;
    }
  }
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (text.empty() || text.size() > name_bytes_max ||
      std::any_of(text.begin(), text.end(), control)) {
    return std::nullopt;
  }
  result.name = result.kind == SubjectKind::account ? fold_account(text) : std::string(text);
  return result;
}

}  // namespace leumund::model
