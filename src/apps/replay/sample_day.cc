#include "apps/replay/sample_day.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <utility>

#include "apps/replay/sample_day_people.h"
#include "wire/event_line.h"

namespace leumund::apps {
namespace {

using base::TimePoint;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* egress = "192.0.2.25";
constexpr std::array office_subjects{"Ihre Anfrage", "Rechnung",      "Termin am Donnerstag",
                                     "Angebot",      "Re: Lieferung", "Rueckfrage",
                                     "Unterlagen",   "Protokoll",     "Danke"};
constexpr std::array home_subjects{"Hallo",     "Fotos vom Sonntag", "Re: Geburtstag", "Wochenende",
                                   "Re: Frage", "Gruesse",           "Adresse"};

// Makes the events of one provider, sender by sender; they are sorted at the end.
class Provider {
 public:
  explicit Provider(const SampleDaySettings& settings)
      : settings_(settings), dice_(settings.seed), people_(make_sample_people(dice_)) {}

  void live() {
    for (SampleSender& sender : people_) {
      for (std::uint32_t back = settings_.weeks * 7; back > 0; --back) usual_day(sender, back);
      usual_day(sender, 0);
    }
    for (std::uint32_t back = settings_.weeks; back > 0; --back)
      newsletter(settings_.day - days(7 * back));
    newsletter(settings_.day);
    announced_mailing(settings_.day + hours(18));
    burst(settings_.day + hours(9) + minutes(40));
  }

  std::vector<model::MailEvent> take() {
    // Events of one moment stay in the order in which they were made.
    std::vector<std::size_t> order(events_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {},
                      [this](std::size_t i) { return std::pair(events_[i].occurred_at, i); });
    std::vector<model::MailEvent> sorted;
    sorted.reserve(order.size());
    for (const std::size_t i : order) sorted.push_back(std::move(events_[i]));
    return sorted;
  }

 private:
  SampleSender& find(std::string_view name) {
    return *std::ranges::find(people_, name, &SampleSender::name);
  }

  // A moment of the sender's day: offices by day, homes in the evening as well, shops always.
  TimePoint moment(const SampleSender& sender, TimePoint midnight) {
    std::uint32_t hour = dice_.below(24);
    if (sender.kind == SampleKind::firm) hour = 8 + dice_.below(10);
    if (sender.kind == SampleKind::person) hour = 7 + (dice_.below(16) + dice_.below(16)) / 2;
    return midnight + hours(hour) + milliseconds(100 * dice_.below(36'000));
  }

  std::string pick_recipient(SampleSender& sender) {
    if (dice_.chance(sender.stranger_permille)) {
      std::string stranger = sample_stranger(dice_, 10'000 + stranger_count_++);
      if (sender.kind != SampleKind::script) sender.contacts.push_back(stranger);
      return stranger;
    }
    return sender.contacts[dice_.favourite(static_cast<std::uint32_t>(sender.contacts.size()))];
  }

  void usual_day(SampleSender& sender, std::uint32_t days_back) {
    const TimePoint midnight = settings_.day - days(days_back);
    const bool weekend = days_back % 7 == 3 || days_back % 7 == 2;  // the day is a Tuesday
    if (weekend && sender.kind == SampleKind::firm) return;
    std::uint32_t mails = 0;
    for (std::uint32_t i = 0; i < sender.half_mails; ++i) mails += dice_.chance(500) ? 1 : 0;
    if (mails == 0) return;
    const bool travels = days_back == 0 && sender.name == sample_traveller_account;
    std::vector<TimePoint> moments;
    for (std::uint32_t i = 0; i < mails; ++i) moments.push_back(moment(sender, midnight));
    std::ranges::sort(moments);
    for (std::size_t i = 0; i < moments.size(); ++i) {
      auto client = client_of(sender);
      if (travels) client = base::IpAddress::parse("198.51.100.77");
      if (i == 0 && client) login(sender, *client, moments[i] - seconds(2));
      std::vector<std::string> recipients{pick_recipient(sender)};
      while (recipients.size() < 4 && dice_.chance(120))
        recipients.push_back(pick_recipient(sender));
      std::ranges::sort(recipients);
      recipients.erase(std::ranges::unique(recipients).begin(), recipients.end());
      send(sender, client, moments[i], std::move(recipients), subject_of(sender));
    }
  }

  std::optional<base::IpAddress> client_of(const SampleSender& sender) {
    if (sender.kind == SampleKind::script) return std::nullopt;
    return sender.clients[dice_.chance(180) ? 1 : 0];
  }

  std::string subject_of(const SampleSender& sender) {
    if (sender.kind == SampleKind::script)
      return fmt::format("Ihre Bestellung {}", 4000 + message_count_);
    if (sender.kind == SampleKind::firm)
      return office_subjects[dice_.below(office_subjects.size())];
    return home_subjects[dice_.below(home_subjects.size())];
  }

  void newsletter(TimePoint midnight) {
    SampleSender& sender = find(sample_newsletter_account);
    TimePoint at = midnight + hours(8) + minutes(30);
    login(sender, sender.clients[0], at - seconds(2));
    for (std::size_t first = 0; first + 20 <= 420; first += 20) {
      const auto from = sender.contacts.begin() + static_cast<std::ptrdiff_t>(first);
      send(sender, sender.clients[0], at, {from, from + 20}, "Gartenbrief");
      at += seconds(20);
    }
  }

  void announced_mailing(TimePoint at) {
    SampleSender& sender = find(sample_club_account);
    add(at - minutes(30),
        model::Announcement{.account = sender.name, .recipients = 150, .until = at + hours(3)});
    login(sender, sender.clients[0], at - seconds(2));
    for (std::uint32_t sent = 0; sent < 140; sent += 10) {
      std::vector<std::string> members;
      for (std::uint32_t i = 0; i < 10; ++i)
        members.push_back(sample_stranger(dice_, 7000 + sent + i));
      send(sender, sender.clients[0], at, std::move(members), "Einladung zum Sommerkonzert");
      at += seconds(15);
    }
  }

  // The password is known to a botnet: five clients from everywhere send to bought addresses.
  void burst(TimePoint at) {
    SampleSender& sender = find(sample_hacked_account);
    constexpr std::array networks{"198.18.44.9", "198.19.7.31", "203.0.113.66", "192.0.2.180",
                                  "198.51.100.201"};
    for (std::uint32_t mail = 0; mail < 240; ++mail) {
      const auto client = *base::IpAddress::parse(networks[dice_.below(networks.size())]);
      if (mail < networks.size()) login(sender, client, at - seconds(1));
      std::vector<std::string> bought;
      const std::uint32_t count = 2 + dice_.below(4);
      for (std::uint32_t i = 0; i < count; ++i) {
        bought.push_back(sample_stranger(dice_, 100'000 + dice_.below(900'000)));
      }
      send(sender, client, at, std::move(bought), "Ihr Paket wartet auf Sie", 200);
      at += milliseconds(100 * (20 + dice_.below(60)));
    }
  }

  void send(const SampleSender& sender, const std::optional<base::IpAddress>& client, TimePoint at,
            std::vector<std::string> recipients, std::string subject,
            std::uint32_t gone_permille = 4) {
    model::Submission mail;
    mail.id = fmt::format("m{}", ++message_count_);
    if (sender.kind == SampleKind::script) {
      mail.script = sender.name;
      mail.envelope_sender = "www-data@kerzenladen.example";
    } else {
      mail.account = sender.name;
      mail.envelope_sender = sender.name;
      mail.client = client;
    }
    mail.recipients = recipients;
    mail.recipient_count = static_cast<std::uint32_t>(recipients.size());
    mail.size_bytes = 800 + dice_.below(40) * 500;
    mail.headers = {{"Subject", std::move(subject)}};
    const std::string id = mail.id;
    add(at, std::move(mail));
    for (std::string& recipient : recipients) deliver(id, at, std::move(recipient), gone_permille);
  }

  void deliver(const std::string& id, TimePoint at, std::string recipient,
               std::uint32_t gone_permille) {
    model::Delivery delivery;
    delivery.id = id;
    delivery.recipient = std::move(recipient);
    delivery.egress = egress;
    delivery.remote = fmt::format("mx.{}[203.0.113.9]",
                                  delivery.recipient.substr(delivery.recipient.find('@') + 1));
    delivery.stage = model::DeliveryStage::rcpt;
    if (dice_.chance(gone_permille)) {
      delivery.status = model::DeliveryStatus::bounced;
      delivery.reply = "550 5.1.1 User unknown";
    } else {
      delivery.stage = model::DeliveryStage::end;
      delivery.reply = "250 2.0.0 Ok";
    }
    add(at + milliseconds(100 * (5 + dice_.below(40))), std::move(delivery));
  }

  void login(const SampleSender& sender, const base::IpAddress& client, TimePoint at) {
    add(at, model::Login{
                .account = sender.name, .client = client, .service = "submission", .ok = true});
  }

  template <typename What>
  void add(TimePoint at, What what) {
    events_.push_back({.occurred_at = at, .received_at = at, .what = std::move(what)});
  }

  const SampleDaySettings& settings_;
  SampleDice dice_;
  std::vector<SampleSender> people_;
  std::vector<model::MailEvent> events_;
  std::uint32_t message_count_ = 0;
  std::uint32_t stranger_count_ = 0;
};

}  // namespace

SampleDay make_sample_day(const SampleDaySettings& settings) {
  Provider provider(settings);
  provider.live();
  SampleDay out;
  for (model::MailEvent& event : provider.take()) {
    (event.occurred_at < settings.day ? out.habits : out.day).push_back(std::move(event));
  }
  return out;
}

std::string event_lines(std::span<const model::MailEvent> events) {
  std::string out;
  for (const model::MailEvent& event : events) {
    wire::write_event_line(event, out);
    out += '\n';
  }
  return out;
}

}  // namespace leumund::apps
