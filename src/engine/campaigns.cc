#include "engine/campaigns.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/campaign_mail.h"
#include "evidence/cluster_codec.h"
#include "evidence/sliding_window.h"

namespace leumund::engine {
namespace {

using evidence::Cluster;
using evidence::ClusterState;
using model::FacetKind;
using verdict::Trait;

// Where a milter shows whole mails, what policy says of them a moment before is not the mail.
constexpr std::chrono::hours milter_known_for{1};
// A mailing that recurs on several days over some time, and with which nothing was wrong, is
// learned.
constexpr std::uint32_t recurring_days = 4;
constexpr std::chrono::hours recurring_over{24 * 8};

// From this p-value on a mail of an account whose habits are known is in character.
constexpr double in_character_from = 0.6;

std::uint32_t tenant_of(std::string_view account, std::uint64_t hash) {
  const std::size_t at = account.rfind('@');
  // A name without a domain is a tenant of its own only if it is no account.
  if (at == std::string_view::npos) {
    return account.starts_with("account:") ? 1U : static_cast<std::uint32_t>(hash) | 1U;
  }
  std::uint64_t sum = 1469598103934665603ULL;
  for (const char c : account.substr(at))
    sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return static_cast<std::uint32_t>(sum ^ (sum >> 32));
}

// The program that wrote the mail, as far as its headers tell; 0 unknown.
std::uint64_t program_of(const model::Fingerprint& print) {
  std::uint64_t program = 0;
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    if (print.facet_kinds[i] == FacetKind::mailer) program = print.facet_hashes[i];
  }
  return program;
}

bool leads_somewhere(FacetKind kind) {
  return kind == FacetKind::url_domain || kind == FacetKind::redirector ||
         kind == FacetKind::contact;
}

// An account that is known writes as it does, or one that is hardly known to old acquaintances.
bool in_character(const CampaignSeen& seen, const Message& message) {
  if (seen.p < in_character_from || seen.traits.shows_another_hand()) return false;
  return seen.traits.acquaintance == verdict::Acquaintance::known ||
         (seen.traits.acquaintance == verdict::Acquaintance::fleeting && message.fresh == 0);
}

// It is like the others, and all else was as always: nobody is named or held for that.
bool is_usual(double p) { return p > in_character_from - 1e-3; }

bool wrote_in_character(const evidence::ClusterMember& member) {
  return is_usual(std::exp(-static_cast<double>(member.surprise)));
}

bool recurs(const Cluster& cluster, base::TimePoint at) {
  return cluster.state == ClusterState::watched && cluster.days >= recurring_days &&
         cluster.first_at + recurring_over < at;
}

// One connection has a whole /64 of IPv6: its addresses are no more telling apart than its ports.
std::uint32_t address_of(const Campaigns::Around& around, const model::Submission& submission,
                         const Message& message) {
  if (!submission.client || submission.client->is_v4()) return message.client;
  const base::IpAddress net = submission.client->masked(32, 64);
  const auto& bytes = net.bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return static_cast<std::uint32_t>(base::keyed_hash(around.key, text));
}

// Whether this sighting is the one by which the mail is placed among the others. `by_milter`: the
// milter will show it whole.
bool is_due(const model::Submission& submission, const Message& message, bool by_milter) {
  if (submission.stage != model::SubmissionStage::accepted) return false;
  if (submission.source == model::Source::policy && by_milter) return false;
  if (submission.source == model::Source::log && !submission.print) return false;
  // What was placed by its envelope alone and joined nothing is looked at again with its text.
  return !message.placed || (submission.print && !message.placed_whole && message.cluster == 0);
}

}  // namespace

Campaigns::Campaigns(const Settings& settings, const base::HashKey& key)
    : settings_(settings),
      store_({.bytes_max = settings.bytes_max,
              .open_max = 256,
              .join_at = settings.detection.join_at,
              .counts = {.text = settings.detection.text_counts,
                         .phrases = settings.detection.phrases_count,
                         .links = settings.detection.links_count,
                         .subject = settings.detection.subject_counts,
                         .clients = settings.detection.clients_count,
                         .membership = settings.detection.membership_counts},
              .key = key}),
      programs_(std::clamp<std::size_t>(settings.bytes_max / 16, std::size_t{1} << 16,
                                        std::size_t{64} << 20)),
      crowds_(std::clamp<std::size_t>(settings.bytes_max / 32, std::size_t{1} << 16,
                                      std::size_t{32} << 20)) {}

model::Subject Campaigns::subject_of(const Cluster& cluster) {
  return {model::SubjectKind::campaign, cluster.name()};
}

verdict::MailTraits Campaigns::traits_of(const Around& around, const model::Submission& submission,
                                         const evidence::Account& account, const Message& message,
                                         const verdict::MessageRecipients& recipients,
                                         const evidence::YoungClients::Seen& client) const {
  const evidence::Habits& habits = account.habits;
  verdict::MailTraits traits;
  traits.acquaintance = verdict::acquaintance_of(habits.hours_active);
  std::optional<double> house_share;
  if (around.ledger.house_ready())
    house_share = static_cast<double>(around.ledger.house().known_share());
  if (const std::uint32_t all = recipients.fresh + recipients.known; all > 0) {
    traits.set(
        Trait::recipients,
        std::clamp(
            verdict::recipients_value(account, recipients, house_share, 1, around.detection) / 3,
            -2.0, 2.0));
    traits.set(Trait::strangers, static_cast<double>(recipients.fresh - recipients.in_house) / all);
    traits.set(Trait::many,
               std::min(1.0, std::log2(static_cast<double>(message.recipients.size())) / 4));
  }
  for (const evidence::ClientSeen& seen : account.recent.clients) {
    if (seen.address != message.client || seen.network == 0 || habits.networks.items().empty())
      continue;
    if (habits.networks.contains(seen.network)) break;
    const double kinds = static_cast<double>(habits.networks.items().size());
    traits.set(Trait::new_network, seen.shared ? 0.3 : 1);
    traits.set(Trait::odd_network,
               std::clamp(std::log((habits.days_active + 2) / kinds) / 3, 0.0, 1.0));
  }
  traits.set(Trait::young_client, client.young ? 1 : 0);
  traits.set(Trait::companions, std::min(1.0, static_cast<double>(client.companions.size()) / 2));
  const double hour = static_cast<double>(habits.hour_preference(account.recent.at));
  traits.set(Trait::odd_hour, std::clamp(-std::log(hour), -1.6, 1.6));
  traits.set(Trait::new_sender, !message.automatic && !habits.senders.items().empty() &&
                                        !habits.senders.contains(message.sender)
                                    ? 1
                                    : 0);
  if (!submission.print) return traits;
  const model::Fingerprint& print = *submission.print;
  bool link = false;
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    if (!leads_somewhere(print.facet_kinds[i])) continue;
    link = true;
    const auto& background = store_.background();
    if (background.ready() &&
        background.count(evidence::facet_key(print.facet_kinds[i], print.facet_hashes[i])) == 0) {
      // All copies of one letter have the same link: it says something of this account only where
      // the mail goes to strangers as well.
      traits.set(Trait::new_link, traits[Trait::strangers] > 0 ? 1 : 0);
    }
  }
  if (!link) traits.set(Trait::no_link, 1);
  if (const std::uint64_t program = program_of(print); program != 0) {
    const auto known = programs_.look(message.account, program);
    traits.set(Trait::other_program, known == evidence::AccountPrograms::Known::unusual ? 1 : 0);
    traits.set(Trait::same_program, known == evidence::AccountPrograms::Known::usual ? 1 : 0);
  }
  return traits;
}

void Campaigns::learn(const model::Fingerprint& print, std::uint64_t account,
                      verdict::Acquaintance acquaintance, double p, base::TimePoint at) {
  // What is out of character may be spam, and so may a stranger's mail: its links and words must
  // not become common because of it.
  constexpr double usual_from = 0.4;
  // ... at once. A day later it would have been found.
  constexpr double not_odd_from = 0.1;
  const bool usual = p >= usual_from && acquaintance != verdict::Acquaintance::stranger;
  if (usual) store_.learn_background(print, at);
  const std::size_t most = std::max<std::size_t>(64, settings_.bytes_max / 16 / sizeof(Waiting));
  if (!usual && p >= not_odd_from && waiting_.size() < most) waiting_.push_back({print, at});
  if (const std::uint64_t program = program_of(print); program != 0)
    programs_.learn(account, program);
}

evidence::Placed Campaigns::place(const Around& around, const model::Submission& submission,
                                  const Message& message, const evidence::Account& account,
                                  const evidence::YoungClients::Seen& client,
                                  const CampaignSeen& seen, bool house_knows, base::TimePoint at) {
  static const model::Fingerprint unseen;
  std::size_t fresh = 0;
  const auto recipients = recipients_of(message, own_address_of(around.key, account), fresh);
  return store_.place(
      {.print = submission.print ? *submission.print : unseen,
       .account = message.account,
       .message = message.number,
       .tenant = tenant_of(account.name, message.account),
       .surprise = static_cast<float>(-std::log(seen.p)),
       .odds = static_cast<float>(
           verdict::hacked_odds(seen.p, seen.traits.acquaintance, settings_.detection)),
       .script = !submission.script.empty() && submission.account.empty(),
       .known_account = seen.traits.acquaintance == verdict::Acquaintance::known,
       .stranger = seen.traits.acquaintance == verdict::Acquaintance::stranger,
       .in_character = in_character(seen, message),
       .may_begin = seen.p <= settings_.detection.begins_below_p,
       .to = {recipients, fresh, house_knows},
       .client = client.address,
       .member_of = account.recent.campaign_member ? campaign_of(message.account) : 0,
       .companions = client.companions,
       // Without a text the clients are all there is.
       .client_group = submission.print ? 0 : client.group,
       .at = at});
}

// How often an honest mail of such an account is so odd.
double Campaigns::chance_of(const Around& around, const Message& message,
                            const verdict::MailTraits& traits) const {
  // While the house is young all are strangers who write to strangers, and that proves nothing.
  const double p = std::pow(verdict::p_value(traits, settings_.detection),
                            verdict::maturity(around.ledger.watched(), around.detection));
  // To old acquaintances only, from where he writes and with what: chain letters go so.
  const bool usual = message.fresh == 0 && !traits.shows_another_hand();
  return usual ? std::max(p, in_character_from) : p;
}

// The account, those whose lone mail it explains, and a whole cluster that was united with it.
void Campaigns::take_in_all(const Around& around, evidence::Cluster& cluster,
                            const Message& message, const evidence::Placed& placed, bool owner,
                            base::TimePoint at) {
  if (!owner) take_in(around, cluster, message.account, at);
  for (const std::uint64_t number : placed.lone_before) {
    Message* const before = around.messages.by_number(number);
    if (before == nullptr) continue;
    before->cluster = cluster.id;
    around.messages.note_queue(*before);
    take_in(around, cluster, before->account, at);
  }
  if (!placed.united) return;
  for (const evidence::ClusterMember& member : cluster.members) {
    if (!wrote_in_character(member)) take_in(around, cluster, member.account, at);
  }
}

CampaignSeen Campaigns::see(const Around& around, const model::Submission& submission,
                            Message& message, bool late, base::TimePoint at, base::TimePoint now,
                            std::vector<model::Decision>& decisions) {
  CampaignSeen seen;
  seen.cluster = message.cluster;
  const evidence::Account* account = around.ledger.touch_again(message.account, at);
  if (account == nullptr || submission.continues) return seen;
  // Right after a start nobody knows yet whether there is a milter.
  const bool first = milter_at_ == base::TimePoint() && submission.source == model::Source::policy;
  if (first || submission.source == model::Source::milter) milter_at_ = at;
  if (!is_due(submission, message, at < milter_at_ + milter_known_for)) return seen;
  const bool again = std::exchange(message.placed, true);
  message.placed_whole = submission.print != nullptr;
  // Announced mailings are expected.
  const bool local = !submission.client || submission.client->is_loopback();
  if (message.announced || is_own_answer(submission, message)) return seen;
  const std::uint32_t tenant = tenant_of(account->name, message.account);
  evidence::YoungClients::Seen client;
  if (!local)
    client = clients_.use(address_of(around, submission, message), message.account, tenant, at);
  // In a young house everybody came up lately.
  const bool mature = verdict::maturity(around.ledger.watched(), around.detection) >= 1;
  const TellingRecipients telling = telling_recipients(message, mature ? &crowds_ : nullptr, at);
  if (!again) take_up(message, at, crowds_);
  learn_waiting(at);
  seen.traits = traits_of(around, submission, *account, message, telling.counted, client);
  seen.p = chance_of(around, message, seen.traits);
  const evidence::Placed placed =
      place(around, submission, message, *account, client, seen, telling.house_knows, at);
  Cluster* cluster = placed.cluster;
  // An open campaign takes in what is usual for an account only where it is a member already.
  message.in_character = (cluster == nullptr || cluster->state != ClusterState::open) &&
                         (placed.explained || is_usual(seen.p));
  if (cluster == nullptr) {
    if (submission.print)
      learn(*submission.print, message.account, seen.traits.acquaintance, seen.p, at);
    return seen;
  }
  seen.affinity = placed.affinity;
  seen.cluster = message.cluster = cluster->id;
  if (cluster->state == ClusterState::open) {
    see_of_open(around, *cluster, placed, submission, message, seen, at, now, decisions);
    return seen;
  }
  // What known accounts write in character is common however many do, and so is what goes to a
  // list: lists put a line under all.
  if (submission.print &&
      (cluster->members.size() < 3 || cluster->state == ClusterState::harmless ||
       placed.explained || cluster->balance() < 0 || in_character(seen, message)))
    learn(*submission.print, message.account, seen.traits.acquaintance, seen.p, at);
  if (cluster->state == ClusterState::harmless) dirty_.insert(cluster->id);
  if (!(placed.first_of_account || placed.united) || cluster->members.size() < 2) return seen;
  seen.judged = true;
  seen.judgement = judge(*cluster);
  // What is known to be honest does not make the others more usual.
  if (seen.judgement.honest == verdict::HonestKind::none) count_size(cluster->members.size(), at);
  if (seen.judgement.alarm() && !late) {
    open(around, *cluster, seen.judgement, at, now, decisions);
  } else if (recurs(*cluster, at) && seen.judgement.score < seen.judgement.owners) {
    store_.close(*cluster, true, false);
    dirty_.insert(cluster->id);
  }
  return seen;
}

std::uint64_t Campaigns::campaign_of(std::uint64_t account) const {
  for (const std::uint64_t id : open_) {
    const Cluster* cluster = store_.find(id);
    if (cluster == nullptr) continue;
    const auto& members = cluster->known_members;
    if (std::find(members.begin(), members.end(), account) != members.end()) return id;
  }
  return 0;
}

void Campaigns::see_from_outside(const model::Submission& submission, base::TimePoint at) {
  if (!submission.print) return;
  store_.place({.print = *submission.print,
                .account = 0,
                .message = 0,
                .tenant = 0,
                .surprise = 0,
                .script = false,
                .may_begin = true,
                .to = {},
                .companions = {},
                .client_group = 0,
                .at = at});
}

// Half of it is forgotten in ten days: about two weeks are looked back on.
constexpr double fade_days = 14.4;

void Campaigns::count_size(std::size_t accounts, base::TimePoint at) {
  ++judged_;
  const std::size_t size = verdict::size_class(accounts);
  if (size == verdict::size_class(accounts - 1) && accounts > 2) return;
  if (reached_at_ < at) {
    const double keep = std::exp(-base::seconds_of(at - reached_at_) / 86400 / fade_days);
    for (double& count : reached_) count *= keep;
    reached_at_ = at;
  }
  reached_[size] += 1;
}

verdict::CampaignJudgement Campaigns::judge(const Cluster& cluster) const {
  verdict::ClusterRates rates{};
  for (std::size_t i = 0; i < rates.size(); ++i) rates[i] = reached_[i] / fade_days;
  return verdict::judge_campaign(cluster, rates, settings_.detection);
}

void Campaigns::take_in(const Around& around, Cluster& cluster, std::uint64_t account,
                        base::TimePoint at) {
  evidence::Account* member = around.ledger.touch_again(account, at);
  if (member == nullptr) return;
  const auto subject = model::Subject::parse(member->name);
  if (subject && around.book.is_exempt(*subject)) return;
  // Who is not in the list could not be let go with the others.
  auto& known = cluster.known_members;
  const bool listed = std::ranges::find(known, account) != known.end();
  if (!listed && known.size() >= members_listed) return;
  if (!listed) known.push_back(account);
  // What is only observed counts against nobody.
  const bool counts = around.book.find(subject_of(cluster)) != nullptr;
  if (counts && !std::exchange(member->recent.campaign_member, true)) named_.push_back(account);
}

model::Finding Campaigns::finding(const Cluster& cluster,
                                  const verdict::CampaignJudgement& judgement,
                                  base::TimePoint at) const {
  return {subject_of(cluster),
          "campaign",
          judgement.score,
          judgement.threshold,
          verdict::describe_campaign(cluster, judgement),
          at};
}

void Campaigns::open(const Around& around, Cluster& cluster,
                     const verdict::CampaignJudgement& judgement, base::TimePoint at,
                     base::TimePoint now, std::vector<model::Decision>& decisions) {
  const model::Subject subject = subject_of(cluster);
  if (around.book.is_exempt(subject)) return;
  if (!store_.open(cluster, at)) {
    make_room(around, at, now, decisions);
    if (!store_.open(cluster, at)) {
      ++not_opened_;
      return;
    }
  }
  ++opened_;
  cluster.score = judgement.score;
  open_.insert(cluster.id);
  dirty_.insert(cluster.id);
  auto decision = around.book.apply(finding(cluster, judgement, at), model::Level::hold, now);
  for (const evidence::ClusterMember& member : cluster.members) {
    if (!wrote_in_character(member)) take_in(around, cluster, member.account, at);
  }
  // It stands already where a person said so, or where only its record was lost.
  if (!decision) decision = around.book.tell_again(finding(cluster, judgement, at), now);
  if (!decision) return;
  name_members(around, cluster, *decision);
  evidence::encode_cluster(cluster, decision->record);
  decisions.push_back(std::move(*decision));
}

void Campaigns::name_members(const Around& around, Cluster& cluster, model::Decision& decision) {
  for (const std::uint64_t account : cluster.known_members)
    decision.accounts.push_back(around.ledger.subject_of(account));
  std::erase(decision.accounts, std::string());
  for (const std::uint64_t number : cluster.message_numbers) {
    Message* message = around.messages.by_number(number);
    if (message == nullptr || message->in_character) continue;
    message->cluster = cluster.id;
    around.messages.note_queue(*message);
    std::string name = around.name_of(number);
    if (!name.empty()) decision.messages.push_back(std::move(name));
    if (message->queued())
      decision.held.insert(decision.held.end(), message->queues.begin(), message->queues.end());
  }
  decision.recipients_before = cluster.recipients_all;
}

std::string Campaigns::campaign_of_member(const evidence::Account& account,
                                          std::uint64_t account_hash) const {
  return account.recent.campaign_member ? open_campaign_of(campaign_of(account_hash))
                                        : std::string();
}

void Campaigns::set_settings(const Settings& settings) {
  settings_ = settings;
  if (settings_.keep_texts) return;
  for (const std::uint64_t id : open_) {
    if (Cluster* cluster = store_.find(id)) cluster->texts.clear();
  }
}

const Cluster* Campaigns::find(const model::Subject& campaign) const {
  return campaign.kind == model::SubjectKind::campaign ? store_.find(store_.id_of(campaign.name))
                                                       : nullptr;
}

CampaignCounters Campaigns::counters() const {
  return {.clusters = store_.clusters(),
          .clusters_forgotten = store_.forgotten_clusters(),
          .open = store_.open_count(),
          .opened = opened_,
          .not_opened = not_opened_,
          .judged = judged_,
          .bytes = store_.fixed_bytes() + programs_.bytes() + crowds_.bytes()};
}

std::string Campaigns::campaign_of_queued(const Message& message) const {
  if (message.in_character) return {};
  if (!message.campaign_kept) return open_campaign_of(message.cluster);
  return model::Subject{model::SubjectKind::campaign, Cluster::name_of(message.cluster)}
      .to_string();
}

std::string Campaigns::open_campaign_of(std::uint64_t cluster) const {
  const Cluster* found = cluster == 0 ? nullptr : store_.find(cluster);
  if (found == nullptr || found->state != ClusterState::open) return {};
  return subject_of(*found).to_string();
}

}  // namespace leumund::engine
