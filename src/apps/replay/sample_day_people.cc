#include "apps/replay/sample_day_people.h"

#include <fmt/format.h>

#include <array>

#include "apps/replay/sample_day.h"

namespace leumund::apps {
namespace {

constexpr std::array first_names{"anna",  "bernd", "carla", "dieter", "eva",   "frank", "gerda",
                                 "heiko", "ines",  "jan",   "karin",  "lukas", "maria", "nils",
                                 "olga",  "paul",  "rita",  "sven",   "tanja", "uwe"};
constexpr std::array last_names{"albers",   "busch",  "clausen", "dorn",   "ehlers",  "fuchs",
                                "graf",     "hansen", "iversen", "jung",   "keller",  "lorenz",
                                "meissner", "nolte",  "otto",    "peters", "richter", "seidel",
                                "thiel",    "ulrich", "vogt",    "winter", "zander"};
constexpr std::array firms{
    "autohaus-nord",   "baecker-sommer",     "dachdecker-rau",  "elektro-hell", "fahrschule-weg",
    "gasthof-krone",   "hausverwaltung-ost", "kanzlei-stern",   "maler-bunt",   "optik-klar",
    "praxis-am-markt", "reisebuero-fern",    "steuerbuero-plus"};
constexpr std::array outside{"freipost.example", "grosspost.example",  "mailhaus.example",
                             "postamt.example",  "stadtwerke.example", "uni-nord.example",
                             "versand.example",  "handel-sued.example"};

// Homes and offices: twelve access networks of 100.64.0.0/10, some of them with IPv6 as well. Each
// throw of the dice is a statement of its own: compilers differ in the order of operands.
base::IpAddress home_client(SampleDice& dice) {
  const std::uint32_t network = dice.below(12);
  const bool v6 = dice.chance(150);
  const std::uint32_t site = dice.below(4096);
  const std::uint32_t host = 1 + dice.below(14);
  if (v6)
    return *base::IpAddress::parse(fmt::format("2001:db8:{:x}:{:x}::{:x}", network, site, host));
  return base::IpAddress::v4((100U << 24) | ((64 + network) << 16) | (site << 4) | host);
}

// The mobile network: one for all, so that many share a few addresses.
base::IpAddress telephone_client(SampleDice& dice) {
  return base::IpAddress::v4((100U << 24) | (100U << 16) | dice.below(24));
}

SampleSender make_sender(SampleDice& dice, std::string name, SampleKind kind) {
  SampleSender sender{.name = std::move(name), .kind = kind};
  const bool firm = kind == SampleKind::firm;
  sender.half_mails = firm ? 8 + dice.below(18) : 1 + dice.below(5);
  sender.stranger_permille = firm ? 70 : 25;
  const std::uint32_t contacts = firm ? 30 + dice.below(50) : 5 + dice.below(20);
  for (std::uint32_t i = 0; i < contacts; ++i) {
    sender.contacts.push_back(sample_stranger(dice, dice.below(4000)));
  }
  sender.clients = {home_client(dice), telephone_client(dice)};
  return sender;
}

void add_story(SampleDice& dice, std::vector<SampleSender>& people) {
  SampleSender hacked = make_sender(dice, sample_hacked_account, SampleKind::firm);
  hacked.half_mails = 12;
  people.push_back(std::move(hacked));
  SampleSender traveller = make_sender(dice, sample_traveller_account, SampleKind::person);
  traveller.half_mails = 6;
  people.push_back(std::move(traveller));

  SampleSender newsletter = make_sender(dice, sample_newsletter_account, SampleKind::firm);
  newsletter.half_mails = 2;
  newsletter.contacts.clear();
  for (std::uint32_t i = 0; i < 420; ++i)
    newsletter.contacts.push_back(sample_stranger(dice, 5000 + i));
  people.push_back(std::move(newsletter));

  SampleSender club = make_sender(dice, sample_club_account, SampleKind::person);
  people.push_back(std::move(club));

  SampleSender shop{.name = "uid33:/srv/www/kerzenladen/bestellung.php",
                    .kind = SampleKind::script};
  shop.half_mails = 40;
  shop.stranger_permille = 900;
  shop.contacts = {"laden@kerzenladen.example"};
  people.push_back(std::move(shop));
}

}  // namespace

std::uint64_t SampleDice::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::uint32_t SampleDice::below(std::uint32_t bound) {
  return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
}

std::string sample_stranger(SampleDice& dice, std::uint32_t number) {
  return fmt::format("{}.{}{}@{}", first_names[dice.below(first_names.size())],
                     last_names[number % last_names.size()], number,
                     outside[number % outside.size()]);
}

std::vector<SampleSender> make_sample_people(SampleDice& dice) {
  std::vector<SampleSender> people;
  for (std::size_t last = 0; last < last_names.size(); ++last) {
    for (std::size_t first = 0; first < 10; ++first) {
      people.push_back(make_sender(
          dice,
          fmt::format("{}.{}@stadtnetz.example",
                      first_names[(first * 2 + last) % first_names.size()], last_names[last]),
          SampleKind::person));
    }
  }
  for (const char* firm : firms) {
    for (const char* desk : {"info", "buero", "rechnung", "termine", "leitung"}) {
      people.push_back(
          make_sender(dice, fmt::format("{}@{}.example", desk, firm), SampleKind::firm));
    }
  }
  add_story(dice, people);
  return people;
}

}  // namespace leumund::apps
