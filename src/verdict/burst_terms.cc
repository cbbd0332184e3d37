// Turns a judgement into sentences.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "verdict/burst.h"

namespace leumund::verdict {
namespace {

using evidence::Kind;
using evidence::Trail;

constexpr std::array<std::string_view, term_count> names = {
    "new_recipient",    "unknown_user",  "volume",          "origin",
    "client_addresses", "listed_client", "content_refused", "complaint",
    "sender",           "failed_logins", "campaign",        "account_age"};

long whole(double value) { return std::lround(value); }
long whole(float value) { return std::lround(value); }

std::string volume_text(const Tally& tally) {
  return fmt::format(
      "{} new recipients in the last hour, worth {:.1f} new contacts ({:.1f} of them within two "
      "minutes); "
      "{:.1f} in the last day; usual at this hour are {:.1f}, and {:.1f} in a largest hour (its "
      "own so far, or what "
      "everybody is granted)",
      whole(tally.hour_recipients), tally.hour_contacts, tally.sprint_contacts, tally.day_contacts,
      tally.usual_per_hour, tally.largest_hour);
}

std::string origin_text(const Tally& tally) {
  if (!tally.from_new_network) {
    return fmt::format("all mail of the last day came from {} usual network{}", tally.networks,
                       tally.networks == 1 ? "" : "s");
  }
  std::string text =
      fmt::format("mail came from a network never used in {} days with mail ({} known)",
                  whole(tally.days_active), tally.networks_usual);
  if (tally.new_country) text += ", from a country never seen";
  if (tally.countries > 1)
    text += fmt::format(", from {} countries within 24 hours", tally.countries);
  if (tally.impossible_speed) text += ", from two places faster than anybody travels";
  return text;
}

std::string text_of(TermName name, const Tally& tally, const evidence::Suspicion& suspicion) {
  const auto trail = [&suspicion](Kind kind) -> const Trail& { return suspicion.trail(kind); };
  switch (name) {
    case TermName::new_recipient:
      return fmt::format("{} of {} recipients never written to",
                         whole(trail(Kind::new_recipient).hits),
                         whole(trail(Kind::new_recipient).tries));
    case TermName::unknown_user:
      return fmt::format("{} of {} first contacts refused as unknown user",
                         whole(trail(Kind::unknown_user).hits),
                         whole(trail(Kind::unknown_user).tries));
    case TermName::volume: return volume_text(tally);
    case TermName::origin: return origin_text(tally);
    case TermName::client_addresses:
      return fmt::format(
          "{} client addresses in {} networks within 24 hours; the most so far were {}",
          tally.addresses, tally.networks, tally.networks_most);
    case TermName::listed_client:
      return tally.client_listed ? "client address is on an exploit or authentication list"
                                 : "client address was used by an account that is restricted";
    case TermName::content_refused:
      return fmt::format("{} refusals speak of content or reputation",
                         whole(trail(Kind::content_refused).hits));
    case TermName::complaint:
      return fmt::format("{} complaints or trap hits", whole(trail(Kind::complaint).hits));
    case TermName::sender: return "sender address never used by this account before";
    case TermName::failed_logins:
      return fmt::format("the sending client failed {} logins before", tally.failed_logins);
    case TermName::campaign: return "member of a campaign over many accounts";
    case TermName::account_age:
      return tally.has_habits ? fmt::format("silent for {} days before", whole(tally.silent_days))
                              : "account never seen before";
  }
  return {};
}

std::vector<std::string> events_of(TermName name, const evidence::Suspicion& suspicion,
                                   const std::function<std::string(std::uint64_t)>& id_of) {
  Kind kind = Kind::new_recipient;  // volume and origin speak of the same messages
  if (name == TermName::unknown_user) kind = Kind::unknown_user;
  if (name == TermName::content_refused) kind = Kind::content_refused;
  if (name == TermName::complaint) kind = Kind::complaint;
  const Trail& trail = suspicion.trail(kind);
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < trail.messages.size(); ++i) {
    const std::uint64_t message = trail.messages[(trail.next + i) % trail.messages.size()];
    if (message == 0) continue;
    std::string id = id_of(message);
    if (!id.empty()) ids.push_back(std::move(id));
  }
  return ids;
}

}  // namespace

std::string_view term_name(TermName name) { return names[static_cast<std::size_t>(name)]; }

std::vector<model::Term> describe(const Judgement& judgement, const Tally& tally,
                                  const evidence::Suspicion& suspicion,
                                  const std::function<std::string(std::uint64_t message)>& id_of) {
  constexpr double worth_saying = 0.05;
  std::vector<model::Term> terms;
  for (std::size_t i = 0; i < term_count; ++i) {
    const auto name = static_cast<TermName>(i);
    if (std::fabs(judgement.values[i]) < worth_saying) continue;
    terms.push_back({std::string(term_name(name)), judgement.values[i],
                     text_of(name, tally, suspicion), events_of(name, suspicion, id_of)});
  }
  std::stable_sort(terms.begin(), terms.end(),
                   [](const model::Term& a, const model::Term& b) { return a.value > b.value; });
  return terms;
}

}  // namespace leumund::verdict
