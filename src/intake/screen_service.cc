#include "intake/screen_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "base/log.h"

namespace leumund::intake {
namespace {

using diagnosis::ListVerdict;
using diagnosis::ScreenList;
using diagnosis::ScreenSaid;
using Clock = net::EventLoop::Clock;

constexpr std::chrono::milliseconds looked_every{4};
constexpr std::chrono::seconds remembered_for{60};
constexpr std::chrono::seconds unfinished_for{10};

}  // namespace

class ScreenService::Question {
 public:
  Question(base::IpAddress client, std::size_t rows, std::size_t open, Clock::time_point until,
           std::shared_ptr<std::atomic<std::size_t>> asking)
      : client_(client), until_(until), asking_(std::move(asking)), state_(rows, open) {
    ++*asking_;
  }
  ~Question() { --*asking_; }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  [[nodiscard]] const base::IpAddress& client() const { return client_; }
  [[nodiscard]] bool ready(Clock::time_point now) const {
    return now >= until_ || state_.with([](const State& state) { return state.open == 0; });
  }
  [[nodiscard]] bool complete() const {
    return state_.with([](const State& state) { return state.open == 0; });
  }
  [[nodiscard]] std::chrono::milliseconds left(Clock::time_point now) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(until_ - now);
  }
  void put(std::uint32_t row, ScreenSaid said) {
    state_.with([&](State& state) { state.said[row] = std::move(said); });
  }
  void add_text(std::uint32_t row, const std::string& text) {
    state_.with([&](State& state) { state.said[row].text = text; });
  }
  void await_more() {
    state_.with([](State& state) { ++state.open; });
  }
  // What stands in the rows counts for nothing until their list's control has answered.
  void doubt(const std::vector<std::uint32_t>& rows, bool doubted) {
    state_.with([&](State& state) {
      for (const std::uint32_t row : rows) state.doubted[row] = doubted;
    });
  }
  void done() {
    state_.with([](State& state) { --state.open; });
  }
  [[nodiscard]] std::vector<ScreenSaid> said() const {
    return state_.with([](const State& state) {
      std::vector<ScreenSaid> out = state.said;
      for (std::size_t row = 0; row < out.size(); ++row) {
        if (state.doubted[row]) out[row] = {};
      }
      return out;
    });
  }

 private:
  struct State {
    State(std::size_t rows, std::size_t awaited) : said(rows), doubted(rows), open(awaited) {}
    std::vector<ScreenSaid> said;
    std::vector<bool> doubted;
    std::size_t open = 0;  // zones that have not answered
  };
  const base::IpAddress client_;
  const Clock::time_point until_;
  const std::shared_ptr<std::atomic<std::size_t>> asking_;
  base::Guarded<State> state_;
};

class ScreenService::Session final : public net::StreamSession {
 public:
  explicit Session(ScreenService& service) : service_(service), parser_(service.options_.limits) {}

  Step on_bytes(std::string_view waiting, std::string& out) override {
    using State = wire::PolicyRequestParser::State;
    if (!question_) {
      switch (parser_.feed(waiting)) {
        case State::incomplete: return {};
        case State::failed:
          service_.refuse(parser_.error(), out);
          return {.consumed = waiting.size(), .next = Next::close};
        case State::complete: break;
      }
      consumed_ = parser_.consumed();
      if (begin(parser_.request(), out)) return {.consumed = consumed_, .next = Next::keep};
    }
    if (!question_->ready(Clock::now())) return {.again_after = looked_every};
    finish(out);
    return {.consumed = consumed_, .next = Next::keep};
  }

 private:
  // True: answered at once.
  bool begin(const wire::PolicyRequest& request, std::string& out) {
    using wire::PolicyAttribute;
    ++service_.counters_.requests;
    const auto client = base::IpAddress::parse(request.get(PolicyAttribute::client_address));
    instance_ = request.get(PolicyAttribute::instance);
    const bool login = !request.get(PolicyAttribute::sasl_username).empty();
    if (!client || login || service_.is_own(*client)) {
      ++service_.counters_.spared;
      say("DUNNO", out);
      return true;
    }
    ++service_.counters_.screened;
    if (client == client_ && Clock::now() < good_until_) {
      ++service_.counters_.remembered;
      say(instance_ == told_instance_ && !refused_ ? "DUNNO" : action_, out);
      told_instance_ = instance_;
      return true;
    }
    question_ = service_.ask_about(*client);
    if (question_) return false;
    ++service_.counters_.overload;
    say("DUNNO", out);
    return true;
  }

  void finish(std::string& out) {
    const Outcome outcome = service_.conclude(*question_, true);
    client_ = question_->client();
    question_.reset();
    action_ = "DUNNO";
    if (!outcome.header.empty()) {
      action_ = fmt::format("PREPEND {}: {}", screen_header, outcome.header);
    }
    refused_ = outcome.refused;
    if (refused_) action_ = outcome.refusal;
    good_until_ = outcome.complete ? Clock::now() + remembered_for : Clock::time_point{};
    told_instance_ = instance_;
    say(action_, out);
  }

  static void say(std::string_view action, std::string& out) {
    out += "action=";
    out += action;
    out += "\n\n";
  }

  ScreenService& service_;
  wire::PolicyRequestParser parser_;
  std::shared_ptr<Question> question_;
  std::size_t consumed_ = 0;
  std::string instance_;  // of the request being answered
  // What was said last, and of whom: the recipients of a mail are asked for one by one.
  base::IpAddress client_;
  Clock::time_point good_until_;
  std::string action_;
  std::string told_instance_;
  bool refused_ = false;
};

base::Result<std::unique_ptr<ScreenService>> ScreenService::open(net::EventLoop& loop,
                                                                 net::DnsAsker& dns,
                                                                 Options options) {
  std::unique_ptr<ScreenService> out(new ScreenService(loop, dns, std::move(options)));
  net::StreamOptions stream = out->options_.stream;
  stream.input_max = std::max(stream.input_max, 2 * out->options_.limits.request_bytes);
  auto listener = net::StreamListener::open(
      loop, out->options_.listen, std::move(stream),
      [service = out.get()] { return std::make_unique<Session>(*service); });
  if (!listener) return listener.error();
  out->listener_ = std::move(listener).value();
  return out;
}

ScreenService::ScreenService(net::EventLoop& loop, net::DnsAsker& dns, Options options)
    : loop_(loop),
      dns_(dns),
      options_(std::move(options)),
      lists_(std::make_shared<ScreenHealth>(options_.rules.lists)),
      asking_(std::make_shared<std::atomic<std::size_t>>(0)) {}

ScreenService::~ScreenService() = default;

void ScreenService::stop(std::chrono::milliseconds grace) { listener_->stop(grace); }

bool ScreenService::is_own(const base::IpAddress& client) const {
  return client.is_private() ||
         std::ranges::any_of(options_.own_networks, [&](const base::IpPrefix& network) {
           return network.contains(client);
         });
}

ScreenService::Outcome ScreenService::conclude(const Question& question, bool may_refuse) {
  const base::IpAddress& client = question.client();
  const auto said = question.said();
  const auto verdict = screen(options_.rules, said);
  Outcome out;
  out.complete = question.complete();
  out.refused = verdict.refused && options_.enforce && may_refuse;
  if (!out.complete) ++counters_.late;
  if (verdict.allowed) ++counters_.allowed;
  lists_->count(verdict);
  if (!verdict.hits.empty() && options_.header) {
    out.header = screen_summary(options_.rules, said, verdict, client) +
                 (verdict.refused ? " would-refuse" : "");
  }
  if (verdict.refused) {
    ++counters_.refused;
    out.refusal = screen_refusal(options_.rules, said, verdict, client);
    base::log(base::LogLevel::info, "event=screening client={} enforced={} answer=\"{}\"",
              client.to_string(), out.refused, out.refusal);
  }
  marks_.note(client, out.header, Clock::now() + (out.complete ? remembered_for : unfinished_for));
  // Who is refused cannot be complained of.
  if (!out.refused) {
    memory_.with([&](auto& memory) { memory.note(client, verdict.hits, options_.clock()); });
  }
  return out;
}

std::optional<std::string> ScreenService::header_of(const base::IpAddress& client) {
  if (is_own(client)) return "";
  const auto now = Clock::now();
  if (auto known = marks_.find(client, now)) return known;
  bool asked = false;
  const auto ready = asked_for_marks_.with([&](auto& all) -> std::shared_ptr<Question> {
    const auto found = all.find(client);
    asked = found != all.end();
    if (!asked || !found->second->ready(now)) return nullptr;
    auto out = std::move(found->second);
    all.erase(found);
    return out;
  });
  if (ready) return conclude(*ready, false).header;
  if (asked) return std::nullopt;
  auto question = ask_about(client);
  if (!question) {
    ++counters_.overload;
    return "";
  }
  ++counters_.marked;
  asked_for_marks_.with([&](auto& all) { all.emplace(client, std::move(question)); });
  return std::nullopt;
}

std::shared_ptr<ScreenService::Question> ScreenService::ask_about(const base::IpAddress& client) {
  if (*asking_ >= options_.asking_max) return nullptr;
  const auto zones = lists_->to_ask(client);
  auto question = std::make_shared<Question>(client, options_.rules.lists.size(), zones.size(),
                                             Clock::now() + options_.deadline, asking_);
  for (std::uint32_t row = 0; row < options_.rules.lists.size(); ++row) {
    // Of the other kind of address: it has nothing to say, and is not silent.
    if (lists_->at(row).list.asks(client)) continue;
    question->put(row, {.verdict = ListVerdict::not_listed, .codes = {}, .text = ""});
  }
  const std::string labels = diagnosis::reversed_labels(client);
  for (const auto& rows : zones) {
    const std::string name = labels + "." + options_.rules.lists[rows.front()].list.zone;
    // What comes late finds the question and the figures still there, but no service.
    dns_.ask({.name = name}, options_.deadline,
             [question, lists = lists_, rows, name, &dns = dns_, deadline = options_.deadline,
              now = options_.clock](const net::DnsAnswer& answer) {
               bool listed = false;
               for (const std::uint32_t row : rows) {
                 const auto read_as = read_reply(lists->at(row).list, answer);
                 lists->see(row, answer, read_as, now());
                 listed = listed || read_as.verdict == ListVerdict::listed;
                 question->put(row,
                               {.verdict = read_as.verdict, .codes = read_as.codes, .text = ""});
               }
               const auto left = std::min(deadline, question->left(Clock::now()));
               if (!listed || left <= std::chrono::milliseconds(0)) return question->done();
               confirm(dns, question, lists, rows, left, now());
               dns.ask({.name = name, .type = net::RecordType::txt}, left,
                       [question, rows](const net::DnsAnswer& said) {
                         const std::string text = said.texts.empty() ? "" : said.texts.front();
                         for (const std::uint32_t row : rows) question->add_text(row, text);
                         question->done();
                       });
             });
  }
  return question;
}

// A list that has begun to list the world must refuse nobody, and not until its next trial: beside
// a listing an address is asked for that nobody has reason to list.
void ScreenService::confirm(net::DnsAsker& dns, const std::shared_ptr<Question>& question,
                            const std::shared_ptr<ScreenHealth>& lists,
                            const std::vector<std::uint32_t>& rows, std::chrono::milliseconds left,
                            base::TimePoint now) {
  const diagnosis::DnsList& list = lists->at(rows.front()).list;
  if (!lists->wants_control(rows.front(), now)) return;
  question->await_more();
  question->doubt(rows, true);
  const auto random = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const auto point = control_point(list, random);
  dns.ask({.name = diagnosis::list_question(point.name, list.zone)}, left,
          [question, lists, rows, point, now](const net::DnsAnswer& answer) {
            const auto read_as = read_reply(lists->at(rows.front()).list, answer);
            const std::string wrong = wrong_at_point(point, answer.found, read_as);
            if (!wrong.empty()) {
              for (const std::uint32_t row : rows) question->put(row, {});
            }
            if (answer.found != net::Found::unknown) question->doubt(rows, false);
            lists->see_control(rows.front(), wrong, answer.found, now);
            question->done();
          });
}

void ScreenService::tick() {
  // Whose mail never came to its end.
  const auto over = asked_for_marks_.with([](auto& all) {
    std::vector<std::shared_ptr<Question>> out;
    std::erase_if(all, [&](const auto& one) {
      const bool ready = one.second->ready(Clock::now());
      if (ready) out.push_back(one.second);
      return ready;
    });
    return out;
  });
  for (const auto& question : over) static_cast<void>(conclude(*question, false));
  const base::TimePoint now = options_.clock();
  const auto random = options_.seed ^ static_cast<std::uint64_t>(now.time_since_epoch().count());
  const auto points = [&](std::uint32_t row) {
    return diagnosis::test_points(options_.rules.lists[row].list, random);
  };
  const auto due = lists_->due(now, options_.trial_every, [&](std::uint32_t row) {
    return static_cast<std::uint32_t>(points(row).size());
  });
  for (const std::uint32_t row : due) {
    const diagnosis::DnsList list = options_.rules.lists[row].list;
    for (const auto& point : points(row)) {
      dns_.ask({.name = diagnosis::list_question(point.name, list.zone)}, options_.deadline,
               [lists = lists_, row, list, point, now](const net::DnsAnswer& answer) {
                 const auto wrong = wrong_at_point(point, answer.found, read_reply(list, answer));
                 lists->see_point(row, wrong, answer.found == net::Found::unknown, now);
               });
    }
  }
}

void ScreenService::refuse(const base::Error& error, std::string& out) {
  ++counters_.malformed;
  if (rare_line_.may_be_written(loop_.woke_at())) {
    base::log(base::LogLevel::warn,
              "event=screening_request_refused listener={} answer=DUNNO why={}",
              bound().to_string(), error.message);
  }
  out += "action=DUNNO\n\n";
}

void ScreenService::complained(const base::IpAddress& client) {
  memory_.with(
      [&](auto& memory) { static_cast<void>(memory.complained(client, options_.clock())); });
}

diagnosis::ScreenWorth ScreenService::worth() const {
  // The mail path waits for the counting at most, not for the weights.
  const auto tally =
      memory_.with([&](const auto& memory) { return memory.tally(options_.clock()); });
  return screen_worth(options_.rules, tally);
}

ScreenCounters ScreenService::counters() const {
  return {.requests = counters_.requests,
          .spared = counters_.spared,
          .screened = counters_.screened,
          .remembered = counters_.remembered,
          .refused = counters_.refused,
          .allowed = counters_.allowed,
          .late = counters_.late,
          .overload = counters_.overload,
          .malformed = counters_.malformed,
          .marked = counters_.marked,
          .lists = lists_->figures()};
}

}  // namespace leumund::intake
