#include "fingerprint/attribution.h"

#include <chrono>
#include <utility>

#include "model/subject.h"

namespace leumund::fingerprint {
namespace {

constexpr std::size_t name_bytes_max = 320;

// The script as the header refines what the host knows: "uid33" and "uid33:contact.php" are the
// latter; another uid is a lie, and any other name stands beside the host's.
std::string refined(const std::string& known, const std::string& told) {
  if (known.empty() || told.starts_with(known + ":")) return told;
  return told.starts_with("uid") ? known : known + ":" + told;
}

}  // namespace

void Attribution::forget_if_full(std::int64_t day) {
  if (full_on_ == 0 || full_on_ == day) return;
  sources_.clear();
  names_ = 0;
  full_on_ = 0;
}

bool Attribution::believes(const std::string& source, const std::string& name, bool forwarder,
                           base::TimePoint now) {
  const std::int64_t day =
      std::chrono::floor<std::chrono::days>(now).time_since_epoch() / std::chrono::days(1);
  forget_if_full(day);
  const auto known = sources_.find(source);
  if (known == sources_.end() && sources_.size() >= sources_max) {
    full_on_ = day;
    return false;
  }
  Source& about = known == sources_.end() ? sources_[source] : known->second;
  const std::uint64_t hash = base::keyed_hash(key_, name);
  if (about.names.contains(hash)) return true;
  if (about.day != day) {
    about.day = day;
    about.new_today = 0;
  }
  if (!forwarder && about.new_today >= names_a_day) return false;
  if (names_ >= names_max) {
    full_on_ = day;
    return false;
  }
  ++about.new_today;
  ++names_;
  about.names.insert(hash);
  return true;
}

void Attribution::apply(const MailPrint& made, Way way, base::TimePoint now,
                        model::Submission& mail) {
  if (!mail.account.empty() || !way.from_here) return;
  model::Subject source{model::SubjectKind::script, mail.script};
  if (mail.script.empty() && mail.client)
    source = {model::SubjectKind::client_address, mail.client->to_string()};
  const std::string name = source.to_string();
  if (made.forwarded && !made.forward_rule.empty()) {
    if (made.forward_rule.size() > name_bytes_max ||
        !believes(name, "forward:" + made.forward_rule, way.forwarder, now)) {
      ++refused_;
      return;
    }
    mail.account = made.forward_rule;
    mail.forwarded = true;
    mail.handed_in_by = name;
    return;
  }
  if (made.script.empty()) return;
  std::string script = refined(mail.script, made.script);
  if (script == mail.script) return;
  if (script.size() > name_bytes_max || !believes(name, script, false, now)) {
    ++refused_;
    return;
  }
  mail.script = std::move(script);
  mail.handed_in_by = name;
}

}  // namespace leumund::fingerprint
