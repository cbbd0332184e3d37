// Every notice about every list and provider of the registry, in both languages, without a gap.
#include <gtest/gtest.h>

#include "apps/daemon/listing_decision.h"
#include "apps/daemon/notices_world.h"
#include "intake/watch_files.h"
#include "intake/watch_health.h"
#include "model/page_about.h"

namespace leumund::action {
namespace {

// Everybody's detour goes through every phase; with all that may be known of it, some.
std::vector<DetourShape> usual_shapes() {
  std::vector<DetourShape> shapes;
  for (const auto phase : all_phases) shapes.push_back({.phase = phase, .full = true});
  shapes.push_back({.home = true});
  return shapes;
}

std::vector<DetourShape> all_shapes() {
  std::vector<DetourShape> shapes;
  for (const auto phase : all_phases) {
    for (unsigned bits = 0; bits < 32; ++bits) {
      const DetourShape shape{phase,           (bits & 1) != 0, (bits & 2) != 0,
                              (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0};
      const bool away = phase == DetourPhase::open || phase == DetourPhase::capped;
      // Nobody sets a detour that waits; and what a person sets is done, not planned.
      if ((shape.home && !away) || (shape.by_hand && (!away || shape.planned))) continue;
      shapes.push_back(shape);
    }
  }
  return shapes;
}

// --- providers -----------------------------------------------------------------------------------

void tell_customers(const std::string& id, const std::string& name) {
  for (const auto kind : {SubjectKind::account, SubjectKind::forward, SubjectKind::domain}) {
    for (const auto& [waiting, returned] : {std::pair(true, false), {false, true}, {true, true}}) {
      for (const auto language : both) {
        expect_whole(undelivered_notice(undelivered(kind, id, waiting, returned), {{id, name}},
                                        "helpdesk@example.org", language),
                     language, {name, id}, id + "/customers: ");
      }
    }
  }
}

TEST(Notices, OfEveryProviderOfTheRegistryAreWhole) {
  ASSERT_GT(known().registry.providers.size(), 100U);
  std::vector<std::pair<std::string, std::string>> providers = {{"mx:kunde.example", ""}};
  for (const auto& one : known().registry.providers) providers.emplace_back(one.id, one.name);
  for (const auto& [id, name] : providers) {
    const bool some = id.starts_with("mx:") || id == "t-online" || id == "microsoft-consumer";
    const Lines quoted = {name.empty() ? id : name, id};
    for (const auto language : both) {
      for (const auto facts : all_facts) {
        for (const bool refuses : {true, false}) {
          const auto decision = refusal(id, facts, refuses);
          expect_whole(block_notice(decision, language), language, quoted, id + "/block: ");
        }
      }
      for (const auto& shape : some ? all_shapes() : usual_shapes()) {
        expect_whole(detour_notice(detoured(id, shape), language), language, quoted,
                     id + "/detour/" + std::string(model::detour_phase_name(shape.phase)) + ": ");
      }
      for (const auto step : all_steps) {
        const auto decision = due("provider:" + id, id, "https://their.example/form", step);
        expect_whole(case_notice(decision, language), language, quoted, id + "/due: ");
      }
      expect_whole(case_notice(opened_again("provider:" + id, id), language), language, quoted,
                   id + "/opened: ");
    }
    tell_customers(id, name.empty() ? id : name);
  }
}

// --- lists ---------------------------------------------------------------------------------------

// An answer that the row explains.
base::IpAddress answer_of(const diagnosis::ListCode& code) {
  std::array<std::uint8_t, 4> octets = {127, 0, 0, code.bit};
  for (std::size_t i = 1; i < octets.size() && code.bit == 0; ++i) {
    std::size_t first = 0;
    while (first < 255 && !code.octets[i].test(first)) ++first;
    octets[i] = static_cast<std::uint8_t>(first);
  }
  const auto text = std::to_string(octets[0]) + "." + std::to_string(octets[1]) + "." +
                    std::to_string(octets[2]) + "." + std::to_string(octets[3]);
  return *base::IpAddress::parse(text);
}

void expect_whole_listing(const model::Listing& listing, const std::string& name) {
  for (const auto language : both) {
    const auto decision = apps::decision_of(listing, "watch", night + hours(2));
    expect_whole(listing_notice(decision, language), language,
                 {name, listing.list, listing.delist_url, listing.lookup_url},
                 listing.list + "/" + (listing.codes.empty() ? "" : listing.codes.front()) + ": ");
  }
}

void expect_whole_fault(const diagnosis::DnsList& list, const std::string& reason) {
  for (const auto language : both) {
    auto decision = about(DecisionKind::list_fault, {SubjectKind::list, list.id});
    decision.list_fault = model::ListFault{list.id, list.name, reason, night, {}};
    expect_whole(listing_notice(decision, language), language, {list.name, list.id},
                 list.id + "/fault: ");
    decision.kind = DecisionKind::list_well;
    decision.list_fault->until = night + hours(3);
    expect_whole(listing_notice(decision, language), language, {list.name, list.id},
                 list.id + "/well: ");
  }
}

std::string place_on(const diagnosis::DnsList& list) {
  const bool domain = list.of_domains && !list.of_v4 && !list.of_v6;
  return domain ? "example.org" : list.of_v4 ? "192.0.2.25" : "2001:db8::25";
}

void listed_with(const diagnosis::DnsList& list, const base::IpAddress& code) {
  const auto answer = diagnosis::read_list_answer(list, std::array{code});
  if (answer.verdict == diagnosis::ListVerdict::fault) expect_whole_fault(list, answer.trouble);
  if (answer.verdict != diagnosis::ListVerdict::listed) return;
  for (const auto facts : all_facts) {
    auto listing = listing_of(list, answer, place_on(list), facts);
    expect_whole_listing(listing, list.name);
    listing.until = night + hours(2);
    expect_whole_listing(listing, list.name);
  }
  if (!list.of_v4) return;
  auto network = listing_of(list, answer, "192.0.2.4", Facts::full);
  network.place = "192.0.2.0/24";
  network.egress.clear();
  network.sends = false;
  network.examples = {"192.0.2.4", "192.0.2.5"};
  for (const std::uint64_t packets : {0U, 77U}) {
    network.addresses = packets == 0 ? 2 : 40;
    expect_whole_listing(network, list.name);
    network.proof = intake::sent_proof(
        {{*base::IpPrefix::parse("192.0.2.0/24"), packets, night - hours(100), night}}, {},
        network.place);
    ASSERT_FALSE(network.proof.empty());
    expect_whole_listing(network, list.name);
    network.proof.clear();
  }
}

TEST(Notices, OfEveryListOfTheRegistryAreWhole) {
  ASSERT_GT(known().lists.size(), 100U);
  std::size_t with_page = 0;
  for (const auto& list : known().lists) {
    for (const auto& code : list.codes) listed_with(list, answer_of(code));
    for (const char* code : {"127.0.0.1", "127.0.0.2", "127.255.255.252", "127.255.255.253",
                             "127.255.255.254", "127.255.255.255", "203.0.113.9"}) {
      listed_with(list, *base::IpAddress::parse(code));
    }
    for (const auto& point : diagnosis::test_points(list, 7)) {
      diagnosis::ListAnswer answer;
      answer.trouble = "no answer in time";
      answer.verdict = diagnosis::ListVerdict::unknown;
      expect_whole_fault(list, intake::wrong_at_point(point, net::Found::unknown, answer));
      answer.verdict = diagnosis::ListVerdict::listed;
      const auto found = point.listed ? net::Found::no : net::Found::yes;
      expect_whole_fault(list, intake::wrong_at_point(point, found, answer));
    }
    const std::string& page = list.delist_url.empty() ? list.lookup_url : list.delist_url;
    const std::string url = model::page_about(page, place_on(list));
    with_page += url.empty() ? 0 : 1;
    for (const auto language : both) {
      const Lines quoted = {list.name, list.id, url};
      for (const auto step : all_steps) {
        expect_whole(case_notice(due("list:" + list.id, list.name, url, step), language), language,
                     quoted, list.id + "/due: ");
      }
      expect_whole(case_notice(opened_again("list:" + list.id, list.name), language), language,
                   quoted, list.id + "/opened: ");
    }
  }
  EXPECT_GT(with_page, 60U);
}

}  // namespace
}  // namespace leumund::action
