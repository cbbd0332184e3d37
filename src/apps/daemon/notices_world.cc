#include "apps/daemon/notices_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>

#include "action/mime_mail.h"
#include "engine/block_matrix.h"
#include "model/page_about.h"

namespace leumund::action {

const Known& known() {
  static const Known all;
  return all;
}

namespace {

// --- what a gap is -------------------------------------------------------------------------------

Lines lines_of(const std::string& text) {
  Lines lines;
  std::stringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::set<std::string> words_of(std::string text) {
  for (char& c : text) {
    // What is typed or set is the same in every language.
    const bool part = std::isalnum(static_cast<unsigned char>(c)) != 0 || (c & 0x80) != 0 ||
                      std::string_view("-_.:@/'").contains(c);
    if (!part) c = ' ';
  }
  std::set<std::string> words;
  std::stringstream in(text);
  for (std::string word; in >> word;) {
    while (!word.empty() && std::string_view(".:").contains(word.back())) word.pop_back();
    words.insert(word);
  }
  return words;
}

const std::set<std::string> english_only = {
    "the",  "The",  "is",   "are",  "of",      "and",   "or",    "by",    "from",  "to",
    "has",  "have", "it",   "this", "that",    "which", "with",  "no",    "not",   "our",
    "we",   "you",  "your", "for",  "again",   "mail",  "mails", "since", "until", "refuses",
    "none", "spam", "host", "bad",  "address", "at",    "There", "there"};
const std::set<std::string> german_only = {
    "der",   "Der",   "das",  "Das",  "und", "oder", "nicht", "ist",  "sind", "ein",
    "eine",  "von",   "mit",  "seit", "bis", "wir",  "Sie",   "über", "Post", "kein",
    "keine", "Mails", "Eine", "Ein",  "für", "geht", "auf",   "zu",   "im",   "sie"};

void expect_one_language(const NoticeText& notice, Language language, const Lines& quoted,
                         const std::string& where) {
  const auto& foreign = language == Language::de ? english_only : german_only;
  for (std::string line : lines_of(notice.subject + "\n" + notice.body)) {
    // What is typed is the same in every language.
    for (const char* typed : {"leumund ", "postqueue -f"}) {
      if (const auto at = line.find(typed); at != std::string::npos) line.erase(at);
    }
    for (const auto& names : {quoted, Lines{quoted_reply, quoted_words}}) {
      for (const auto& name : names) {
        for (auto at = line.find(name); !name.empty() && at != std::string::npos;
             at = line.find(name, at)) {
          line.erase(at, name.size());
        }
      }
    }
    for (const auto& word : words_of(line)) {
      EXPECT_FALSE(foreign.contains(word)) << where << "\"" << word << "\" in: " << line;
    }
  }
}

int wide_gaps(const std::string& line) {
  int gaps = 0;
  for (auto at = line.find_first_not_of(' '); at != std::string::npos;) {
    const auto blank = line.find("  ", at);
    if (blank == std::string::npos) break;
    at = line.find_first_not_of(' ', blank);
    gaps += at == std::string::npos ? 0 : 1;
  }
  return gaps;
}

// A line of facts has one wide gap, between label and value, and both of them.
void expect_no_empty_places(const NoticeText& notice, const std::string& where) {
  const Lines lines = lines_of(notice.body);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    const bool last = i + 1 == lines.size() || lines[i + 1].empty();
    EXPECT_FALSE(line.ends_with(' ') || line.ends_with('(') || (last && line.ends_with(',')))
        << where << line;
    const bool of_list = line.starts_with("  20");  // of decisions, in columns
    const int gaps = of_list ? 0 : wide_gaps(line);
    EXPECT_LE(gaps, 1) << where << line;
    if (gaps > 0) {
      EXPECT_TRUE(line.starts_with(' ') || line.find(":  ") != line.npos) << where << line;
    }
    if (!line.ends_with(':')) continue;
    const bool value = i + 1 < lines.size() && !lines[i + 1].empty();
    const bool block = i + 2 < lines.size() && lines[i + 1].empty() &&
                       (lines[i + 2].starts_with(' ') || lines[i + 2].ends_with("):"));
    EXPECT_TRUE(value || block) << where << "nothing follows: " << line;
  }
}

}  // namespace

void expect_whole(const NoticeText& notice, Language language, const Lines& quoted,
                  const std::string& where) {
  EXPECT_GT(notice.body.size(), 40U) << where;
  EXPECT_GT(notice.subject.size(), 10U) << where;
  EXPECT_LT(notice.subject.size(), 200U) << where << notice.subject;
  for (const std::string& text : {notice.subject, notice.body}) {
    for (const char* gap :
         {"{",    "}",    " . ",   " .\n",   " ,",   " ;",   "()",          "( ",
          " )",   "\"\"", "''",    "\n\n\n", "None", "null", "  unknown\n", "nan ",
          "1970", ": :",  ":  \n", "?\n\n?", "..\n", ". ."}) {
      EXPECT_EQ(text.find(gap), std::string::npos) << where << "'" << gap << "' in\n" << text;
    }
  }
  EXPECT_EQ(notice.subject.find("  "), std::string::npos) << where << notice.subject;
  EXPECT_FALSE(notice.subject.ends_with(':') || notice.subject.ends_with(' ')) << notice.subject;
  expect_no_empty_places(notice, where);
  expect_one_language(notice, language, quoted, where);
  for (const auto& line : lines_of(notice.body)) EXPECT_LE(line.size(), 998U) << where;
  const std::string mail = mime_mail({.from = "leumund@example.org",
                                      .to = "admin@example.org",
                                      .subject = notice.subject,
                                      .body = notice.body,
                                      .message_id = "1@example.org",
                                      .date = night,
                                      .about = "7"});
  for (const auto& line : lines_of(mail)) EXPECT_LE(line.size(), 78U) << where << line;
  EXPECT_TRUE(std::all_of(mail.begin(), mail.end(), [](char c) { return (c & 0x80) == 0; }))
      << where;
}

// --- decisions -----------------------------------------------------------------------------------

Decision about(DecisionKind kind, model::Subject subject) {
  Decision decision;
  decision.number = 17;
  decision.kind = kind;
  decision.at = night + hours(1);
  decision.subject = std::move(subject);
  return decision;
}

Decision refusal(const std::string& provider, Facts facts, bool refuses) {
  auto decision = about(refuses ? DecisionKind::provider_refuses : DecisionKind::provider_accepts,
                        {SubjectKind::provider, provider});
  model::BlockChange change;
  auto& block = change.facts;
  block.egress = "out1";
  block.provider = provider;
  block.state = refuses ? model::CellState::refused : model::CellState::open;
  block.since = night;
  block.refused_share = facts == Facts::bare ? 1 : 0.974;
  block.mails = block.recipients = block.accounts = block.sender_domains = 1;
  if (facts != Facts::bare) {
    block.examples = {{night, "mx.example[203.0.113.9]", "rcpt", "4XyZ", quoted_reply},
                      {night, "mx.example[203.0.113.8]", "", "4XyY", quoted_reply}};
    block.listed_address = "192.0.2.25";
  }
  if (facts == Facts::full) {
    block.private_list = true;
    block.lists = {"spamhaus-zen", "psbl"};
    block.mails = 214;
    block.recipients = 190;
    block.accounts = 12;
    block.sender_domains = 3;
    for (std::size_t i = 0; i < block.classes.size(); ++i) block.classes[i] = i + 1;
  }
  decision.restriction.reason = engine::describe_block(change);
  decision.block = change;
  return decision;
}

Decision detoured(const std::string& provider, const DetourShape& shape) {
  auto decision = about(shape.planned ? DecisionKind::would_detour : DecisionKind::detour,
                        {SubjectKind::provider, provider});
  model::Detour detour;
  detour.provider = provider;
  detour.pool = shape.pool ? "tenant" : "";
  detour.phase = shape.phase;
  detour.home = "default";
  const bool away = shape.phase == DetourPhase::open || shape.phase == DetourPhase::capped;
  if (away) detour.via = shape.home ? "default" : "out2";
  detour.cap = away ? (shape.full ? 500 : 1) : 0;
  detour.by = shape.by_hand ? "anna" : "detour";
  detour.by_hand = shape.by_hand;
  detour.planned = shape.planned;
  detour.reason = "account:anna@verein.example still sends and is not restricted";
  if (shape.full) {
    detour.delivered_all = 61;
    detour.probes_accepted = 2;
    detour.probes_refused = 1;
    if (away) {
      detour.warning =
          "192.0.2.26 has no reverse name; example.org does not let 192.0.2.26 send (SPF: fail)";
    }
  }
  decision.restriction.reason = detour.reason;
  decision.detour = detour;
  return decision;
}

Decision due(const std::string& party, const std::string& title, const std::string& url,
             std::optional<model::CaseStep> step) {
  auto decision = about(DecisionKind::case_due, {SubjectKind::egress, "out1"});
  model::CaseNews news;
  news.what = model::CaseNews::What::due;
  news.number = 7;
  news.step = step;
  if (step) {
    news.title = title;
    news.url = url;
    news.line.party = party;
  }
  decision.case_news = news;
  return decision;
}

Decision opened_again(const std::string& party, const std::string& title) {
  auto decision = due(party, title, "", model::CaseStep::form);
  decision.kind = DecisionKind::case_opened;
  decision.case_news->what = model::CaseNews::What::opened;
  decision.case_news->step.reset();
  for (const auto step : all_steps) {
    for (const char* outcome : {"accepted", "refused", "unanswered", "ended"}) {
      model::Term term;
      term.name = std::string(model::case_step_name(step)) + ":" + outcome;
      if (step == model::CaseStep::form) term.text = "desk@their.example";
      decision.terms.push_back(term);
    }
  }
  return decision;
}

UndeliveredBook::Notice undelivered(SubjectKind kind, const std::string& provider, bool waiting,
                                    bool returned) {
  const bool domain = kind == SubjectKind::domain;
  UndeliveredBook::Notice notice{{kind, domain ? "verein.example" : "anna@verein.example"}, {}};
  const model::Subject whose{domain ? SubjectKind::account : kind, "anna@verein.example"};
  UndeliveredMail mail{whose, "4XyZ", "guest@their.example", provider, night};
  if (waiting) notice.mails.push_back(mail);
  mail.returned = true;
  if (returned) notice.mails.push_back(mail);
  return notice;
}

model::Listing listing_of(const diagnosis::DnsList& list, const diagnosis::ListAnswer& answer,
                          const std::string& asked, Facts facts) {
  model::Listing listing;
  listing.place = asked;
  listing.egress = facts == Facts::bare ? "" : "out1";
  listing.list = list.id;
  listing.list_name = list.name;
  const bool domain = !base::IpAddress::parse(asked);
  listing.scope = domain ? "domain" : diagnosis::entry_scope_name(list.scope);
  listing.mender = diagnosis::mender_name(list.mender());
  listing.codes = answer.codes;
  listing.meaning = answer.meaning;
  listing.policy = answer.policy;
  listing.reason = facts == Facts::full ? quoted_words : "";
  listing.since = night;
  listing.lookup_url = model::page_about(list.lookup_url, asked);
  listing.delist_url = model::page_about(list.delist_url, asked);
  listing.delist_method = list.delist_method;
  listing.predatory = list.predatory;
  return listing;
}

}  // namespace leumund::action
