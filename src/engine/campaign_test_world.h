// A house of people, and bots that send one mailing through many of their accounts, for tests.
#pragma once

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine_test_world.h"

namespace leumund::engine {

inline model::Subject account_of(const std::string& name) {
  return {model::SubjectKind::account, name};
}

class CampaignWorld : public ::testing::Test {
 protected:
  model::Fingerprint text() {
    model::Fingerprint print;
    print.text = model::TextKind::full;
    for (auto& row : print.sketch) row = static_cast<std::uint16_t>(random_());
    print.add_facet(model::FacetKind::url_domain, random_());
    return print;
  }
  model::Fingerprint variant(const model::Fingerprint& of) {
    model::Fingerprint print = of;
    for (auto& row : print.sketch) {
      if (random_() % 10 < 3) row = static_cast<std::uint16_t>(random_());
    }
    return print;
  }
  std::string person(int i) { return fmt::format("p{}@t{}.test", i, i % 37); }
  std::string home(int i) { return fmt::format("100.{}.{}.7", i % 200, i % 250); }
  std::string bot(int i) { return fmt::format("203.0.{}.{}", i / 200 % 256, i % 200 + 1); }

  Outcome send(const std::string& account, std::vector<std::string> recipients,
               const std::string& client, const model::Fingerprint& print) {
    model::Submission mail = world.mail(account, std::move(recipients), client);
    mail.print = std::make_shared<const model::Fingerprint>(print);
    return world.send(std::move(mail));
  }
  // `people` write to their friends for three weeks.
  void live(int people) {
    for (int day = 0; day < 21; ++day) {
      for (int i = 0; i < people; ++i) {
        send(person(i), {fmt::format("friend{}-{}@away.test", i, day % 4)}, home(i), text());
        world.pass_time(std::chrono::seconds(60));
      }
      world.pass_time(std::chrono::hours(24) - std::chrono::seconds(60) * people);
    }
  }
  // One mail of each account from the bots to strangers; returns how many left.
  int attack(int from, int count, const model::Fingerprint& spam) {
    int left = 0;
    for (int i = from; i < from + count; ++i) {
      left += send(person(i), {world.stranger()}, bot(i), variant(spam)).answer.disposition ==
              model::Disposition::pass;
      world.pass_time(std::chrono::seconds(40));
    }
    return left;
  }
  // What belonging to a campaign counts against the account.
  double campaign_term(const std::string& account) {
    for (const auto& term : world.engine.explain(account_of(account), world.now).terms) {
      if (term.name == "campaign") return term.value;
    }
    return 0;
  }
  const model::Decision* campaign() {
    for (const auto& decision : world.decisions) {
      if (decision.subject.kind == model::SubjectKind::campaign &&
          decision.kind == model::DecisionKind::restricted)
        return &decision;
    }
    return nullptr;
  }

  World world;
  std::mt19937_64 random_{1};
};

}  // namespace leumund::engine
