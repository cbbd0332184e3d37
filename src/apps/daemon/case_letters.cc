#include "apps/daemon/case_letters.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "action/stopping.h"
#include "base/ascii.h"
#include "config/egress.h"
#include "config/own_contact.h"
#include "diagnosis/contacts.h"
#include "intake/watch_files.h"

namespace leumund::apps {
namespace {

using action::LetterInput;
using action::OwnAddress;
using action::StoppedSender;
using base::Error;
using base::ErrorCode;
using model::CaseParty;
using model::DecisionKind;

constexpr std::chrono::milliseconds dns_patience{2000};

base::Result<std::size_t> party_of(const model::Case& one, const std::string& wanted) {
  std::string names;
  std::vector<std::size_t> fitting;
  for (std::size_t i = 0; i < one.parties.size(); ++i) {
    const CaseParty& party = one.parties[i];
    names += (names.empty() ? "" : ", ") + party.id;
    if (wanted.empty() ? stands(party) : party.id == wanted) fitting.push_back(i);
  }
  if (fitting.size() == 1) return fitting.front();
  if (wanted.empty() && one.parties.size() == 1) return std::size_t{0};
  return Error{wanted.empty() ? ErrorCode::malformed : ErrorCode::unavailable,
               fmt::format("say to whom, one of: {}", names)};
}

// One decision of the journal; nothing if it is gone.
std::optional<model::Decision> decision_of(storage::Store& store, std::uint64_t number) {
  if (number == 0) return std::nullopt;
  auto found = store.decisions(number - 1, 1);
  if (!found || found->empty() || found->front().number != number) return std::nullopt;
  return std::move(found->front());
}

std::string plain_name(std::string name) {
  while (name.ends_with('.')) name.pop_back();
  base::make_ascii_lower(name);
  return name;
}

}  // namespace

std::string unrestricted_suspect(Pipeline& pipeline, base::TimePoint now) {
  constexpr std::size_t looked_at = 16;  // the worst of those whom nobody has stopped
  return pipeline.with_engine([&](engine::Engine& engine) -> std::string {
    const auto free = [&](const model::Subject& subject) {
      const auto* standing = action::stopping(engine.book(), subject);
      const bool stopped = standing != nullptr && standing->mode == model::Mode::enforce;
      return !stopped && !engine.book().is_exempt(subject);
    };
    for (const auto& [subject, score] : engine.watched(looked_at, now, free)) {
      const auto about = engine.explain(subject, now);
      if (about.score >= about.threshold) return subject.to_string();
    }
    for (const model::Subject& campaign : engine.open_campaigns()) {
      if (free(campaign)) return campaign.to_string();
    }
    return {};
  });
}

CaseLetters::CaseLetters(Around around) : around_(std::move(around)) {
  if (auto lists = diagnosis::shipped_dns_lists()) lists_ = std::move(*lists);
}

model::Contact CaseLetters::contact_of(const std::string& party) const {
  auto contact = diagnosis::shipped_contact(party, around_.replies->registry(), lists_);
  config::add_own_contact(around_.settings().cases_contacts, contact);
  return contact;
}

void CaseLetters::add_pages(model::Case& one) const {
  for (CaseParty& party : one.parties) {
    const model::Contact contact = contact_of(party.id);
    const std::string& door = contact.form.empty() ? contact.email : contact.form;
    if (!door.empty() && (party.url.empty() || contact.own)) party.url = door;
    if (party.method.empty() || contact.own) party.method = contact.method;
  }
}

bool CaseLetters::reverse_matches(const base::IpAddress& address, const std::string& helo) const {
  if (around_.resolver == nullptr || helo.empty()) return false;
  const auto names =
      around_.resolver->look_up({net::reverse_name(address), net::RecordType::ptr}, dns_patience);
  const bool named =
      std::any_of(names.texts.begin(), names.texts.end(),
                  [&](const std::string& name) { return plain_name(name) == plain_name(helo); });
  if (!named) return false;
  const auto type = address.is_v4() ? net::RecordType::a : net::RecordType::aaaa;
  const auto back = around_.resolver->look_up({helo, type}, dns_patience).addresses;
  return std::find(back.begin(), back.end(), address) != back.end();
}

// Of a provider: the addresses of the egresses that it refuses; of a list: those that stand on it.
void CaseLetters::add_addresses(const config::RunSettings& run, LetterInput& input) const {
  const auto add = [&](const base::IpAddress& address, const std::string& helo) {
    input.ours.push_back({address.to_string(), helo, reverse_matches(address, helo)});
  };
  const auto& places = input.who().places;
  const auto named = [&](const std::string& name) {
    return std::find(places.begin(), places.end(), name) != places.end();
  };
  for (const std::string& text : run.egresses) {
    const auto egress = config::parse_egress(text);
    if (!egress) continue;
    for (const auto& address : egress->addresses) {
      if (named(input.of_list() ? address.to_string() : egress->name)) add(address, egress->helo);
    }
  }
  if (input.of_list() || !input.ours.empty()) return;
  const std::string provider = input.who().id.substr(std::string_view("provider:").size());
  for (const std::string& place : places) {
    if (const auto address = base::IpAddress::parse(place)) {
      add(*address, "");
      continue;
    }
    const auto facts = around_.pipeline.with_engine([&](engine::Engine& engine) {
      return engine.blocks().find(place, provider, around_.clock.now());
    });
    if (!facts) continue;
    if (const auto address = base::IpAddress::parse(facts->listed_address)) add(*address, "");
  }
}

// Only what is wrong with the host: a sender domain's SPF is nothing that a list asks for.
void CaseLetters::add_setup(const config::RunSettings& run, LetterInput& input) const {
  if (!around_.setup) return;
  // A provider asks for signed mail of ours, a list does not.
  const auto domains = input.of_list() ? std::vector<std::string>() : run.own_domains;
  for (const std::string& domain : domains) {
    for (const auto& finding : around_.setup(domain)) {
      const bool of_mail = finding.check == "dkim" || finding.check == "alignment";
      if (!finding.grave || !of_mail) continue;
      input.setup += (input.setup.empty() ? "" : "; ") + finding.text;
    }
  }
  for (const OwnAddress& own : input.ours) {
    for (const auto& finding : around_.setup(own.address)) {
      if (!finding.grave || !finding.about.empty()) continue;
      input.setup += (input.setup.empty() ? "" : "; ") + finding.text;
    }
  }
}

void add_listings(const std::vector<model::Listing>& listings, LetterInput& input) {
  if (!input.of_list()) return;
  bool all_unsent = true;
  bool found = false;
  std::optional<intake::UnsentTime> proven;  // of all
  for (const model::Listing& listing : listings) {
    const auto& places = input.who().places;
    if (input.who().id != "list:" + listing.list ||
        std::find(places.begin(), places.end(), listing.place) == places.end()) {
      continue;
    }
    input.policy = listing.policy;
    if (!listing.sends) {
      input.networks.push_back({listing.place, listing.examples, listing.addresses});
    }
    all_unsent = all_unsent && !listing.sends;
    const auto unsent = intake::unsent_time(listing.proof);
    if (!listing.sends && !listing.proof.empty() && !unsent) input.sends_past = listing.proof;
    if (!found || !unsent || !proven) {
      proven = found ? std::nullopt : unsent;
    } else {
      proven = intake::unsent_in_both(*proven, *unsent);
    }
    found = true;
  }
  input.unsent = found && all_unsent && input.sends_past.empty();
  if (!input.unsent || !proven) return;
  input.unsent_since = proven->since;
  input.unsent_until = proven->until;
  input.unsent_counted = proven->counted;
}

void CaseLetters::add_stopped(LetterInput& input) const {
  for (const model::CaseCause& cause : input.one.causes) {
    StoppedSender sender;
    sender.cause = cause;
    sender.throttled = cause.throttled;
    if (const auto made = decision_of(around_.store, cause.decision)) {
      sender.recipients = made->recipients_before;
      sender.throttled |= made->restriction.level == model::Level::throttle;
    }
    for (const model::CaseLine& line : input.one.lines) {
      const bool freed = cause.free_at && line.event == model::CaseEvent::freed &&
                         line.party == cause.subject.to_string();
      if (!freed) continue;
      const auto release = decision_of(around_.store, line.number);
      if (!release) continue;
      sender.unchecked = release->kind == DecisionKind::ended || release->without_checklist;
      sender.recovered.clear();
      for (const auto& [item, by] : release->recovery) sender.recovered.push_back(item);
    }
    input.stopped.push_back(std::move(sender));
  }
}

base::Result<action::Letter> CaseLetters::write(const face::CaseReport& report,
                                                const face::LetterOrder& order) const {
  const auto party = party_of(report.one, order.party);
  if (!party) return party.error();
  const config::RunSettings run = around_.settings();
  LetterInput input;
  input.one = report.one;
  add_pages(input.one);
  input.party = *party;
  input.now = around_.clock.now();
  input.contact = contact_of(input.who().id);
  input.step = order.step.value_or(action::letter_step(input.one, input.who()));
  input.sender = {run.letters_organisation, run.letters_name, run.letters_email, run.letters_phone,
                  run.letters_imprint};
  input.upstream = run.letters_upstream;
  input.detector = run.burst_mode == model::Mode::enforce;
  input.suspect = unrestricted_suspect(around_.pipeline, input.now);
  add_addresses(run, input);
  add_setup(run, input);
  add_listings(around_.listings(), input);
  add_stopped(input);
  for (const action::PartyFigures& figures : report.parties) {
    if (figures.party != input.who().id || figures.last_case == report.one.number) continue;
    input.worked = figures.worked;
    input.worked_in = figures.last_case;
  }
  const auto theirs = input.contact.language == "de" ? config::Language::de : config::Language::en;
  return action::write_letter(input, order.language.value_or(theirs), order.people);
}

}  // namespace leumund::apps
