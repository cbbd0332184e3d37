// leumund-list-replay: what a list of our own would have done with recorded reports and traffic.
//
//   leumund-list-replay [--threshold SHARE] [--prior-spam N] [--prior-mail N] [--collateral N]
//
// Standard input, in the order of time, fields divided by a tab:
//   SECONDS report CLIENT KIND REPORTER [SECONDS OF THE MAIL]
//   SECONDS mails|queries CLIENT COUNT
// Standard output, one line for each listing and its end:
//   SECONDS MOVE PREFIX UNTIL REPORTS REPORTERS WEIGHT MAIL
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "listing/list_engine.h"

namespace leumund::apps {
namespace {

using listing::ListEngine;
using listing::ListEvent;

constexpr std::size_t fields_most = 8;

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (out.size() < fields_most) {
    const std::size_t tab = line.find('\t');
    out.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) break;
    line.remove_prefix(tab + 1);
  }
  return out;
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<base::TimePoint> time_of(std::string_view text) {
  const auto seconds = number_of<double>(text);
  if (!seconds || *seconds < 0 || *seconds > 1e11) return std::nullopt;
  return base::from_unix_seconds(*seconds);
}

// False: the line is none of ours.
bool feed(ListEngine& engine, std::span<const std::string_view> field, base::TimePoint now,
          std::vector<ListEvent>& events) {
  const auto client = base::IpAddress::parse(field[2]);
  if (!client) return false;
  if (field[1] == "report") {
    const auto kind = model::parse_abuse_kind(field[3]);
    const auto at = field.size() > 5 ? time_of(field[5]) : now;
    if (!kind || !at || field.size() < 5) return false;
    engine.report({*client, *kind, base::keyed_hash({}, field[4]), *at}, now, events);
    return true;
  }
  const auto count = number_of<std::uint32_t>(field[3]);
  if (!count || (field[1] != "mails" && field[1] != "queries")) return false;
  field[1] == "mails" ? engine.mails(*client, *count, now) : engine.queries(*client, *count, now);
  return true;
}

void print(std::vector<ListEvent>& events) {
  for (const ListEvent& one : events) {
    fmt::print("{:.0f}\t{}\t{}\t{:.0f}\t{}\t{}\t{:.2f}\t{:.0f}\n", base::to_unix_seconds(one.at),
               listing::list_move_name(one.move), one.facts.what.to_string(),
               base::to_unix_seconds(one.facts.until), one.facts.weighed.reports,
               one.facts.weighed.reporters, one.facts.weighed.spam, one.facts.weighed.mail);
  }
  events.clear();
}

int replay(ListEngine engine) {
  std::vector<ListEvent> events;
  std::string line;
  std::uint64_t number = 0;
  base::TimePoint now;
  while (std::getline(std::cin, line)) {
    ++number;
    const auto field = fields_of(line);
    const auto at = time_of(field[0]);
    if (!at || field.size() < 4 || *at < now) {
      fmt::print(stderr, "leumund-list-replay: line {}: {}\n", number,
                 at && *at < now ? "it is earlier than the one before" : "no event");
      return 2;
    }
    now = *at;
    // Listings end at their second, not with the next event.
    for (auto due = engine.next_expiry(); due && *due <= now; due = engine.next_expiry())
      engine.tick(*due, events);
    if (!feed(engine, field, now, events)) {
      fmt::print(stderr, "leumund-list-replay: line {}: no event: {:.80}\n", number, line);
      return 2;
    }
    print(events);
  }
  return 0;
}

}  // namespace
}  // namespace leumund::apps

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  leumund::listing::ListEngine::Settings settings;
  CLI::App app{"What a list of our own would have done with recorded reports and traffic"};
  app.add_option("--threshold", settings.rule.threshold, "Share of spam from which it lists")
      ->check(CLI::Range(0.0001, 0.9999));
  app.add_option("--prior-spam", settings.rule.prior_spam, "Spam believed in before any report")
      ->check(CLI::Range(0.001, 1e6));
  app.add_option("--prior-mail", settings.rule.prior_mail, "Mail believed in before any is known")
      ->check(CLI::Range(0.001, 1e6));
  app.add_option("--collateral", settings.rule.honest_per_spam_most,
                 "Honest mails for each report from which nothing is listed; 0: no bound")
      ->check(CLI::NonNegativeNumber);
  CLI11_PARSE(app, argc, argv);
  return leumund::apps::replay(leumund::listing::ListEngine(std::move(settings)));
}
