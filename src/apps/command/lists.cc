// What `leumund lists` and `leumund lookup` print, and the listings of `leumund explain`.
#include <fmt/core.h>

#include "action/sentences.h"
#include "apps/command/show.h"

namespace leumund::apps {

using action::translated;
using action::translated_error;

Cell list_state(const Terminal& terminal, const JsonValue& list) {
  const std::string state = list.at("state").text();
  const auto phrase = Phrase::find("list." + state);
  const Colour colour = state == "well"     ? Colour::green
                        : state == "faulty" ? Colour::red
                                            : Colour::yellow;
  return {phrase ? terminal.say(*phrase) : safe(state), colour};
}

namespace {

using action::translated;

std::string joined(const JsonValue& texts) {
  std::string out;
  for (const JsonValue& text : texts) out += (out.empty() ? "" : ", ") + safe(text.text());
  return out;
}

void indented(Terminal& terminal, const std::string& text) {
  if (!text.empty()) terminal.line("    " + text);
}

void show_listing(Terminal& terminal, const JsonValue& listing) {
  const bool sends = listing.at("sends").flag();
  const bool policy = listing.at("policy").flag();
  const std::string egress = listing.at("egress").text();
  terminal.line(
      "  " +
      terminal.paint(sends && !policy ? Colour::red : Colour::yellow,
                     terminal.say("listing_is", safe(listing.at("place").text()),
                                  safe(listing.at("list_name").text()), when(listing, "since"))) +
      (egress.empty() ? "" : " (" + safe(egress) + ")"));
  indented(terminal,
           terminal.say("listing_code", joined(listing.at("codes")),
                        safe(translated(terminal.language(), listing.at("meaning").text()))));
  if (policy) indented(terminal, terminal.say("listing_policy"));
  if (const std::string reason = listing.at("reason").text(); !reason.empty()) {
    indented(terminal, terminal.say("listing_reason", safe(reason)));
  }
  if (!sends) {
    const std::string proof = listing.at("proof").text();
    indented(terminal, terminal.say("listing_network", listing.at("addresses").count(),
                                    joined(listing.at("examples")),
                                    proof.empty() ? terminal.say("listing_no_mail")
                                                  : safe(translated(terminal.language(), proof))));
  }
  const auto mender = Phrase::find("mender." + listing.at("mender").text());
  const std::string url = listing.at("delist_url").text();
  indented(terminal, (mender ? terminal.say(*mender) : "") + (url.empty() ? "" : ": " + safe(url)));
  if (listing.at("predatory").flag()) indented(terminal, terminal.say("listing_predatory"));
}

}  // namespace

void show_listings(Terminal& terminal, const JsonValue& listings) {
  for (const JsonValue& listing : listings) show_listing(terminal, listing);
}

bool show_lists(Terminal& terminal, std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  const JsonValue& lists = answer.at("lists");
  if (!lists.is_array()) return false;
  for (const JsonValue& problem : answer.at("problems")) {
    terminal.line(
        terminal.paint(Colour::red, safe(translated_error(terminal.language(), problem.text()))));
  }
  if (!answer.at("on").flag()) {
    terminal.line(terminal.say("watch_off"));
    return true;
  }
  const JsonValue& listings = answer.at("listings");
  terminal.line(terminal.say("watch_what", answer.at("own").count(),
                             answer.at("network_addresses").count(), lists.size()));
  terminal.line(listings.empty()
                    ? terminal.paint(Colour::green, terminal.say("watch_clean"))
                    : terminal.paint(Colour::bold, terminal.say("watch_listed", listings.size())));
  show_listings(terminal, listings);
  std::vector<Row> rows = {{{terminal.say("column.list"), Colour::bold},
                            {terminal.say("column.state"), Colour::bold},
                            {terminal.say("column.ours"), Colour::bold},
                            {terminal.say("column.shared"), Colour::bold},
                            {terminal.say("column.asked"), Colour::bold},
                            {terminal.say("column.unanswered"), Colour::bold},
                            {terminal.say("column.median"), Colour::bold},
                            {terminal.say("column.slow"), Colour::bold},
                            {terminal.say("column.reason"), Colour::bold}}};
  for (const JsonValue& list : lists) {
    const auto count = [&](const char* name) { return std::to_string(list.at(name).count()); };
    rows.push_back({{safe(list.at("list").text())},
                    list_state(terminal, list),
                    {count("listings")},
                    {count("shared_listings")},
                    {count("asked")},
                    {count("unanswered")},
                    {count("median_ms") + " ms"},
                    {count("slow_ms") + " ms"},
                    {safe(translated(terminal.language(), list.at("reason").text()))}});
  }
  show_rows(terminal, rows);
  return true;
}

bool show_lookup(Terminal& terminal, std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  const JsonValue& lists = answer.at("lists");
  if (!lists.is_array()) return false;
  terminal.line(terminal.say("lookup_sum", safe(answer.at("subject").text()),
                             answer.at("listed").count(), answer.at("believed").count()));
  std::size_t silent = 0;
  std::size_t doubted = 0;
  for (const JsonValue& list : lists) {
    const std::string verdict = list.at("verdict").text();
    const std::string name = safe(list.at("list").text());
    const std::string doubt = translated(terminal.language(), list.at("doubt").text());
    if (!doubt.empty()) ++doubted;
    if (!doubt.empty() && verdict != "listed") {
      terminal.line("  " + terminal.paint(Colour::yellow, name + ": " + safe(doubt)));
    } else if (verdict == "listed") {
      terminal.line("  " + terminal.paint(Colour::red, terminal.say("lookup_listed", name,
                                                                    joined(list.at("codes")))));
      indented(terminal, safe(translated(terminal.language(), list.at("meaning").text())));
      indented(terminal, safe(list.at("reason").text()));
      const std::string delist = list.at("delist_url").text();
      indented(terminal, safe(delist.empty() ? list.at("lookup_url").text() : delist));
      if (!doubt.empty()) indented(terminal, terminal.say("lookup_doubt", safe(doubt)));
    } else if (verdict != "not_listed") {
      ++silent;
      const std::string trouble = translated(terminal.language(), list.at("trouble").text());
      terminal.line("  " + terminal.paint(Colour::yellow, name + ": " + safe(trouble)));
    }
  }
  if (doubted > 0) terminal.line(terminal.say("lookup_left_out", doubted));
  if (silent > 0) terminal.line(terminal.say("lookup_silent", silent));
  return true;
}

}  // namespace leumund::apps
