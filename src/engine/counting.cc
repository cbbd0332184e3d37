#include "engine/counting.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/ascii.h"
#include "diagnosis/refusal.h"
#include "verdict/burst.h"
#include "verdict/mail_order.h"

namespace leumund::engine {
namespace {

using evidence::Account;
using evidence::Kind;

// Automatic answers (null sender) go to strangers all day; up to this many an hour they are not
// counted as new contacts.
constexpr std::uint32_t automatic_per_hour = 30;
// What one message can add for content, however many of its recipients refuse it.
constexpr std::uint8_t content_refusals_max = 2;

// The address of a From header: what stands in the last angle brackets, else the whole.
std::string_view header_address(std::string_view value) {
  const std::size_t open = value.rfind('<');
  if (open != std::string_view::npos) {
    const std::size_t close = value.find('>', open);
    if (close != std::string_view::npos) return value.substr(open + 1, close - open - 1);
  }
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  return value;
}

bool is_from(std::string_view name) {
  return name.size() == 4 && base::ascii_lower(name) == "from";
}

template <typename Small>
void count_up(Small& count) {
  if (count < std::numeric_limits<Small>::max()) ++count;
}

}  // namespace

std::uint32_t hash_of_address(const base::HashKey& key, std::string_view text) {
  std::array<char, 512> buffer;
  const std::size_t size = std::min(text.size(), buffer.size());
  for (std::size_t i = 0; i < size; ++i) buffer[i] = base::ascii_lower(text[i]);
  return static_cast<std::uint32_t>(base::keyed_hash(key, {buffer.data(), size}));
}

std::optional<model::Subject> Counting::sender_of(
    const model::Submission& submission, const std::vector<base::IpPrefix>& relay_clients) {
  using model::Subject;
  using model::SubjectKind;
  Subject subject;
  if (!submission.account.empty()) {
    subject = {submission.forwarded ? SubjectKind::forward : SubjectKind::account,
               model::fold_account(submission.account)};
  } else if (!submission.script.empty()) {
    subject = {SubjectKind::script, submission.script};
  } else if (submission.client) {
    const auto listed = [&](const base::IpPrefix& prefix) {
      return prefix.contains(*submission.client);
    };
    if (std::none_of(relay_clients.begin(), relay_clients.end(), listed)) return std::nullopt;
    subject = {SubjectKind::client_address, submission.client->to_string()};
  } else {
    return std::nullopt;
  }
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  constexpr std::size_t name_bytes_max = 320;
  if (subject.name.size() > name_bytes_max ||
      std::any_of(subject.name.begin(), subject.name.end(), control)) {
    return std::nullopt;
  }
  return subject;
}

std::chrono::seconds Counting::half_life() const {
  return std::chrono::seconds(std::lround(p_.detection.half_life_hours * 3600));
}

std::uint32_t Counting::hash_lower(std::string_view text) const {
  return hash_of_address(p_.key, text);
}

Counting::Client Counting::client_of(const base::IpAddress& address,
                                     const model::ClientFacts& facts) const {
  const auto hash = [this](const base::IpAddress& value) {
    const auto& bytes = value.bytes();
    return base::keyed_hash(p_.key, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  Client client;
  client.address = static_cast<std::uint32_t>(hash(address));
  if (address.is_loopback()) return client;
  constexpr std::uint64_t as_mark = 0xa5;
  const std::uint64_t network = facts.as_number ? base::combine_hashes(as_mark, *facts.as_number)
                                                : hash(address.masked(16, 48));
  client.network = std::max(1U, static_cast<std::uint32_t>(network));
  return client;
}

evidence::ClientSeen& Counting::see_client(Account& account, const base::IpAddress& address,
                                           const model::ClientFacts& facts) {
  const Client client = client_of(address, facts);
  evidence::ClientSeen& seen = account.see_client(client.address, client.network, at_);
  if (facts.country.size() == 2) {
    seen.country = static_cast<std::uint16_t>(static_cast<unsigned char>(facts.country[0]) << 8 |
                                              static_cast<unsigned char>(facts.country[1]));
  }
  if (facts.place) seen.place = facts.place;
  seen.listed = !facts.listed.empty();
  if (client.network != 0) {
    const model::Subject* user = p_.own_listing.find(client.address, at_);
    seen.listed_by_us = user != nullptr && user->to_string() != account.name;
  }
  return seen;
}

Counted Counting::operator()(const model::Submission& submission) {
  const auto subject = sender_of(submission, p_.relay_clients);
  const std::string name = subject ? subject->to_string() : std::string();
  const std::uint64_t hash = subject ? p_.ledger.hash_of(name) : 0;
  Message* message = find_message(submission, hash);
  if (message == nullptr && !subject) return {};
  const std::uint64_t giver =
      submission.handed_in_by.empty() ? 0 : p_.ledger.hash_of(submission.handed_in_by);
  const Message* before =
      message == nullptr && giver != 0 ? find_message(submission, giver) : nullptr;
  const std::uint64_t before_number = before == nullptr ? 0 : before->number;
  Account* known = message == nullptr ? &p_.ledger.touch(name, at_)
                                      : p_.ledger.touch_again(message->account, at_);
  // Forgotten, or lost with the store, while its mail was still queued.
  if (known == nullptr && subject && hash == message->account) known = &p_.ledger.touch(name, at_);
  if (known == nullptr) return {};
  Account& account = *known;
  if (message == nullptr) {
    message = &p_.messages.create(submission.id, hash, at_);
    message->handed_in_by = giver;
    take_over(before_number, *message);
    begin_message(submission, account, *message);
  }
  p_.messages.add_queue(*message, submission.queue);
  if (message->queues.empty()) p_.messages.note_nameless(at_);
  message->in_log |= submission.source == model::Source::log;
  // A forwarder's rewriting tells more than what the mail was for before it was forwarded.
  if (submission.print && message->mail_class != model::MailClass::forward) {
    message->mail_class = submission.print->mail_class;
  }
  // What is known from before a restart was counted then; the log names it again at every try.
  if (submission.continues || message->restored) {
    return {&account, message, !submission.continues, 0};
  }
  message->recipient_count = std::min<std::uint32_t>(
      std::max(message->recipient_count, submission.recipient_count), Message::recipients_max);
  see_headers(submission, account);
  const std::uint32_t fresh_before = message->fresh;
  const std::size_t all_before = message->recipients.size();
  for (const std::string& recipient : submission.recipients) {
    count_recipient(recipient, account, *message);
  }
  rescore(account, *message, fresh_before, all_before);
  p_.messages.note_queue(*message);
  return {&account, message, true,
          static_cast<std::uint32_t>(message->recipients.size() - all_before)};
}

void Counting::begin_message(const model::Submission& submission, Account& account,
                             Message& message) {
  ++account.this_hour(at_).messages;
  if (submission.client) {
    message.client = client_of(*submission.client, submission.client_facts).address;
    evidence::ClientSeen& seen = see_client(account, *submission.client, submission.client_facts);
    count_up(seen.messages);
    seen.shared = p_.shared_clients.shared(seen.address, message.account, at_);
    if (seen.network != 0 && account.learning())
      p_.shared_clients.use(seen.address, message.account, at_);
  }
  if (submission.envelope_sender) {
    message.sender = hash_lower(*submission.envelope_sender);
    message.automatic = submission.envelope_sender->empty();
    if (!message.automatic) {
      account.see_sender(message.sender, at_);
      const std::string_view sender = *submission.envelope_sender;
      if (verdict::is_rewritten_sender(sender)) message.mail_class = model::MailClass::forward;
      message.sender_domain = hash_lower(sender.substr(sender.rfind('@') + 1));
    }
  }
  evidence::Recent& recent = account.recent;
  if (recent.announced_left > 0) {
    if (recent.announced_until < at_) {
      recent.announced_left = 0;
    } else {
      message.announced = true;
    }
  }
}

void Counting::see_headers(const model::Submission& submission, Account& account) {
  for (const auto& [header, value] : submission.headers) {
    if (!is_from(header)) continue;
    const std::string_view address = header_address(value);
    if (!address.empty() &&
        !(submission.envelope_sender &&
          base::ascii_lower(address) == base::ascii_lower(*submission.envelope_sender))) {
      account.see_sender(hash_lower(address), at_);
    }
    return;
  }
}

void Counting::see_house(std::uint32_t recipient, const Account& account, Message& message) {
  evidence::House& house = p_.ledger.house();
  const bool known = house.contains(recipient);
  message.in_house += known ? 1U : 0U;
  if (!account.learning()) return;
  if (!message.announced && !message.automatic && p_.ledger.house_ready()) house.learn(known);
  house.add(recipient);
}

bool Counting::count_recipient(std::string_view recipient, Account& account, Message& message) {
  return count_recipient(hash_lower(recipient) & RecipientMark::hash_mask, account, message);
}

bool Counting::count_recipient(std::uint32_t hash, Account& account, Message& message) {
  if (message.find(hash) != nullptr) {
    ++p_.totals.duplicates;
    return false;
  }
  if (message.recipients.size() >= Message::recipients_max) return false;
  // What a restricted account tries to send does not make the recipients its acquaintances.
  const bool fresh = account.recent.restricted ? !account.habits.recipients.contains(hash)
                                               : account.habits.recipients.add(hash);
  message.recipients.emplace_back(hash, fresh);
  message.fresh += fresh ? 1U : 0U;
  if (fresh) see_house(hash, account, message);
  ++p_.totals.recipients;
  evidence::Recent& recent = account.recent;
  if (message.announced && recent.announced_left > 0) --recent.announced_left;
  return true;
}

float Counting::weigh_contacts(Account& account, const Message& message) {
  if (message.announced) return 0;
  if (!message.automatic) return evidence::contact_weight(message.fresh);
  evidence::Recent& recent = account.recent;
  const std::int64_t hour = evidence::bucket_number(at_, 3600);
  if (recent.automatic_hour != hour) {
    recent.automatic_hour = hour;
    recent.automatic_this_hour = 0;
  }
  ++recent.automatic_this_hour;
  return recent.automatic_this_hour > automatic_per_hour ? evidence::contact_weight(message.fresh)
                                                         : 0.0F;
}

void Counting::rescore(Account& account, Message& message, std::uint32_t fresh_before,
                       std::size_t all_before) {
  if (message.recipients.size() == all_before) return;
  const auto all = static_cast<std::uint32_t>(message.recipients.size());
  const verdict::MessageRecipients recipients{message.fresh, all - message.fresh, message.in_house};
  const float contacts = weigh_contacts(account, message);
  evidence::HourTally& hour = account.this_hour(at_);
  hour.contacts += contacts - message.contacts;
  const auto more =
      static_cast<std::uint32_t>(std::lround(std::max(0.0F, contacts - message.contacts) * 16));
  account.recent.contacts.add(more, at_);
  account.recent.sprint.add(more, at_);
  hour.sprint = std::max(hour.sprint, static_cast<float>(account.recent.sprint.total(at_)) / 16);
  const bool counts = contacts > 0 || (!message.announced && !message.automatic);
  if (counts) account.recent.recipients.add(message.fresh - fresh_before, at_);
  message.contacts = contacts;

  const auto share = static_cast<float>(verdict::scored_share(recipients, p_.detection));
  const float scored_new = counts ? share * static_cast<float>(recipients.fresh) : 0;
  const float scored_known = counts ? share * static_cast<float>(recipients.known) : 0;
  hour.scored_new = std::max(0.0F, hour.scored_new + scored_new - message.scored_new);
  hour.scored_known = std::max(0.0F, hour.scored_known + scored_known - message.scored_known);
  const float scored_in_house = counts ? share * static_cast<float>(recipients.in_house) : 0;
  hour.scored_in_house =
      std::max(0.0F, hour.scored_in_house + scored_in_house - message.scored_in_house);
  message.scored_in_house = scored_in_house;
  message.scored_new = scored_new;
  message.scored_known = scored_known;
  if (!counts) return;

  const double maturity = verdict::maturity(p_.ledger.watched(), p_.detection);
  const std::optional<double> house_share =
      p_.ledger.house_ready() ? std::optional(static_cast<double>(p_.ledger.house().known_share()))
                              : std::nullopt;
  const auto value = static_cast<float>(
      verdict::recipients_value(account, recipients, house_share, maturity, p_.detection));
  evidence::Suspicion& suspicion = account.recent.suspicion;
  evidence::Trail& trail = suspicion.trail(Kind::new_recipient);
  message.applied += suspicion.add(Kind::new_recipient, value - message.applied);
  if (suspicion.total() <= 0) return;
  trail.hits += static_cast<float>(message.fresh - fresh_before);
  trail.tries += static_cast<float>(all - all_before);
  trail.remember(message.number);
}

Counted Counting::operator()(const model::Delivery& delivery) {
  Message* message = p_.messages.by_id(delivery.id);
  if (message == nullptr) message = p_.messages.by_queue(delivery.queue);
  if (message == nullptr) return {};
  p_.messages.add_queue(*message, delivery.queue);
  Account* account = p_.ledger.touch_again(message->account, at_);
  if (account == nullptr) return {};
  const std::uint32_t recipient = hash_lower(delivery.recipient) & RecipientMark::hash_mask;
  if (message->find(recipient) == nullptr) message = &join_by_recipient(recipient, *message);
  Counted counted{account, message, true, 0};
  RecipientMark* mark = message->find(recipient);
  if (mark == nullptr) {
    // The log's queue line told only how many; once all are known, another name is an alias.
    if (message->recipients.size() >= message->recipient_count) return counted;
    const std::uint32_t fresh_before = message->fresh;
    const std::size_t all_before = message->recipients.size();
    if (!count_recipient(delivery.recipient, *account, *message)) return counted;
    rescore(*account, *message, fresh_before, all_before);
    counted.recipients_counted = 1;
    mark = &message->recipients.back();
    p_.messages.note_queue(*message);
  }
  resolve(delivery, *account, *message, *mark);
  return counted;
}

void Counting::resolve(const model::Delivery& delivery, Account& account, Message& message,
                       RecipientMark& mark) {
  using diagnosis::ReplyClass;
  evidence::Suspicion& suspicion = account.recent.suspicion;
  const bool sent = delivery.status == model::DeliveryStatus::sent;
  const ReplyClass reply = p_.refusal.reply_class;
  if (reply == ReplyClass::content_or_reputation &&
      message.content_refusals < content_refusals_max) {
    ++message.content_refusals;
    const auto value = static_cast<float>(p_.detection.content_refused);
    suspicion.add(Kind::content_refused, value);
    suspicion.trail(Kind::content_refused).hits += 1;
    suspicion.trail(Kind::content_refused).remember(message.number);
    account.object({message.id_hash, Kind::content_refused, value, at_});
  }
  if (delivery.status == model::DeliveryStatus::deferred || mark.resolved()) return;
  mark.resolve();
  if (++message.resolved >= message.recipient_count &&
      message.resolved >= message.recipients.size()) {
    message.left_queue = true;
    p_.messages.note_queue(message);
  }
  const bool unknown = reply == ReplyClass::unknown_user;
  if (!mark.fresh() || message.announced || message.automatic || !(sent || unknown)) return;
  evidence::HourTally& hour = account.this_hour(at_);
  (unknown ? hour.first_refused : hour.first_sent) += 1;
  const auto value =
      static_cast<float>(verdict::first_contact_value(account, unknown, p_.detection));
  suspicion.add(Kind::unknown_user, value);
  if (suspicion.total() <= 0) return;
  evidence::Trail& trail = suspicion.trail(Kind::unknown_user);
  trail.tries += 1;
  if (unknown) {
    trail.hits += 1;
    trail.remember(message.number);
  }
}

Counted Counting::object(std::string_view id, const std::string& account_name) {
  Message* message = p_.messages.by_id(id);
  Account* account = nullptr;
  if (message != nullptr) account = p_.ledger.touch_again(message->account, at_);
  if (account == nullptr && !account_name.empty()) {
    // A report about a script's mail names the script with its kind.
    const auto subject = model::Subject::parse(account_name);
    if (subject) account = p_.ledger.touch_again(p_.ledger.hash_of(subject->to_string()), at_);
  }
  if (account == nullptr) return {};
  const auto value = static_cast<float>(p_.detection.complaint);
  evidence::Suspicion& suspicion = account->recent.suspicion;
  suspicion.add(Kind::complaint, value);
  suspicion.trail(Kind::complaint).hits += 1;
  if (message != nullptr) suspicion.trail(Kind::complaint).remember(message->number);
  account->object({base::keyed_hash(p_.key, id), Kind::complaint, value, at_});
  return {account, message, true, 0};
}

Counted Counting::operator()(const model::Complaint& complaint) {
  return object(complaint.id, complaint.account);
}

Counted Counting::operator()(const model::TrapHit& trap) { return object(trap.id, trap.account); }

Counted Counting::operator()(const model::Login& login) {
  if (login.service == model::password_server) return {};
  // Only accounts that send are known: guessed names must not fill the ledger.
  const model::Subject subject{model::SubjectKind::account, model::fold_account(login.account)};
  Account* account = p_.ledger.touch_again(p_.ledger.hash_of(subject.to_string()), at_);
  if (account == nullptr || !login.client) return {};
  evidence::ClientSeen& seen = see_client(*account, *login.client, login.client_facts);
  if (!login.ok) count_up(seen.failed_logins);
  return {account, nullptr, false, 0};
}

Counted Counting::operator()(const model::Announcement& announcement) {
  const model::Subject subject{model::SubjectKind::account,
                               model::fold_account(announcement.account)};
  if (subject.name.empty() || subject.name.size() > 320) return {};
  Account& account = p_.ledger.touch(subject.to_string(), at_);
  account.recent.announced_left = announcement.recipients;
  account.recent.announced_until = announcement.until;
  return {&account, nullptr, false, 0};
}

Counted Counting::operator()(const model::QueueRemoval& removal) {
  if (Message* message = p_.messages.by_queue(removal.queue)) {
    message->left_queue = true;
    p_.messages.note_queue(*message);
  } else {
    p_.messages.left_unknown(removal.queue);
  }
  return {};
}

Counted Counting::operator()(const model::Retraction& retraction) {
  Message* message = p_.messages.by_id(retraction.id);
  Account* account = message != nullptr ? p_.ledger.touch_again(message->account, at_) : nullptr;
  if (account == nullptr && !retraction.account.empty()) {
    const model::Subject subject{model::SubjectKind::account,
                                 model::fold_account(retraction.account)};
    account = p_.ledger.touch_again(p_.ledger.hash_of(subject.to_string()), at_);
  }
  if (account == nullptr) return {};
  const std::uint64_t event = base::keyed_hash(p_.key, retraction.id);
  evidence::Recent& recent = account->recent;
  for (const evidence::Objection& objection : recent.objections) {
    if (objection.event != event) continue;
    recent.suspicion.take_back(objection.kind, objection.value, objection.at, half_life());
    evidence::Trail& trail = recent.suspicion.trail(objection.kind);
    trail.hits = std::max(0.0F, trail.hits - 1);
  }
  std::erase_if(recent.objections,
                [event](const evidence::Objection& o) { return o.event == event; });
  if (message != nullptr && message->applied != 0) {
    recent.suspicion.take_back(Kind::new_recipient, message->applied, message->first_at,
                               half_life());
    message->applied = 0;
  }
  return {account, message, true, 0};
}

}  // namespace leumund::engine
