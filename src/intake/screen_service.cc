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

constexpr std::chrono::seconds logged_every{10};
constexpr std::chrono::milliseconds looked_every{4};
constexpr std::chrono::seconds remembered_for{60};
constexpr std::uint32_t silent_max = 20;  // questions in a row without an answer

diagnosis::ListAnswer read(const diagnosis::DnsList& list, const net::DnsAnswer& answer) {
  if (answer.found == net::Found::yes) return read_list_answer(list, answer.addresses);
  diagnosis::ListAnswer out;
  out.trouble = answer.trouble;
  if (answer.found == net::Found::no) out.verdict = ListVerdict::not_listed;
  return out;
}

std::optional<bool> exists(net::Found found) {
  return found == net::Found::unknown ? std::nullopt : std::optional(found == net::Found::yes);
}

}  // namespace

// Health belongs to a zone, figures to each of its rows.
class ScreenService::Lists {
 public:
  explicit Lists(const std::vector<ScreenList>& rows) : rows_(rows) {
    state_.with([&](State& state) {
      state.figures.resize(rows.size());
      for (std::uint32_t i = 0; i < rows.size(); ++i) {
        state.zones[rows[i].list.zone].rows.push_back(i);
        auto& figures = state.figures[i];
        figures.list = rows[i].shown;
        figures.role = rows[i].role;
        figures.weight = rows[i].weight();
      }
    });
  }

  [[nodiscard]] const ScreenList& at(std::uint32_t row) const { return rows_[row]; }

  // Rows of the zones that can be believed and are of this kind of address.
  [[nodiscard]] std::vector<std::vector<std::uint32_t>> to_ask(const base::IpAddress& client) {
    return state_.with([&](State& state) {
      std::vector<std::vector<std::uint32_t>> out;
      for (auto& [name, zone] : state.zones) {
        if (zone.trial.state() != ListState::well) continue;
        if (!rows_[zone.rows.front()].list.asks(client)) continue;
        for (const std::uint32_t row : zone.rows) ++state.figures[row].asked;
        out.push_back(zone.rows);
      }
      return out;
    });
  }

  void see(std::uint32_t row, const net::DnsAnswer& answer, const diagnosis::ListAnswer& read_as,
           base::TimePoint now) {
    state_.with([&](State& state) {
      Zone& zone = state.zones[rows_[row].list.zone];
      if (answer.found == net::Found::unknown) {
        ++state.figures[row].unanswered;
        if (++zone.silent_in_row == silent_max)
          zone.trial.hush("does not answer: " + answer.trouble);
        return;
      }
      zone.silent_in_row = 0;
      if (read_as.verdict != ListVerdict::fault) return;
      zone.trial.strike(read_as.trouble, now);
      zone.trial.due = now;
    });
  }

  // Whether the zone's control is older than a few seconds.
  [[nodiscard]] bool wants_control(std::uint32_t row, base::TimePoint now) {
    return state_.with([&](State& state) {
      const Zone& zone = state.zones[rows_[row].list.zone];
      return !rows_[row].list.unused_space && zone.control_good_until <= now;
    });
  }

  void see_control(std::uint32_t row, const std::string& wrong, net::Found found,
                   base::TimePoint now) {
    state_.with([&](State& state) {
      Zone& zone = state.zones[rows_[row].list.zone];
      if (wrong.empty()) zone.control_good_until = now + control_holds;
      if (wrong.empty() || found == net::Found::unknown) return;
      zone.trial.strike(wrong, now);
      zone.trial.due = now;
    });
  }

  void count(const diagnosis::ScreenVerdict& verdict) {
    state_.with([&](State& state) {
      for (const std::uint32_t row : verdict.hits) {
        ++state.figures[row].listed;
        const bool alone = std::ranges::all_of(verdict.hits, [&](std::uint32_t other) {
          return rows_[other].list.zone == rows_[row].list.zone;
        });
        if (alone) ++state.figures[row].alone;
      }
      if (verdict.by) ++state.figures[*verdict.by].decided;
    });
  }

  // The row of each zone whose trial is due; it counts as begun with so many points.
  template <typename Points>
  [[nodiscard]] std::vector<std::uint32_t> due(base::TimePoint now, std::chrono::seconds every,
                                               Points points) {
    return state_.with([&](State& state) {
      std::vector<std::uint32_t> out;
      for (auto& [name, zone] : state.zones) {
        if (zone.trial.running() || zone.trial.due > now) continue;
        zone.trial.begin(points(zone.rows.front()));
        zone.trial.due = now + every;
        out.push_back(zone.rows.front());
      }
      return out;
    });
  }

  void see_point(std::uint32_t row, const std::string& wrong, bool silent, base::TimePoint now) {
    const auto [news, state_name, reason] = state_.with([&](State& state) {
      ListTrial& trial = state.zones[rows_[row].list.zone].trial;
      auto said = trial.note(wrong, silent) ? trial.end(now) : ListTrial::News::none;
      if (trial.state() != ListState::well) trial.due = std::min(trial.due, now + tried_again);
      return std::tuple(said, list_state_name(trial.state()), trial.reason());
    });
    if (news == ListTrial::News::none) return;
    base::log(base::LogLevel::warn, "event=screening_list list={} state={} why=\"{}\"",
              rows_[row].shown, state_name, reason);
  }

  [[nodiscard]] std::vector<ScreenListFigures> figures() const {
    return state_.with([&](const State& state) {
      auto out = state.figures;
      for (const auto& [name, zone] : state.zones) {
        for (const std::uint32_t row : zone.rows) {
          out[row].state = zone.trial.state();
          out[row].reason = zone.trial.reason();
        }
      }
      return out;
    });
  }

 private:
  static constexpr std::chrono::seconds tried_again{30};
  static constexpr std::chrono::seconds control_holds{10};
  struct Zone {
    std::vector<std::uint32_t> rows;
    ListTrial trial;
    std::uint32_t silent_in_row = 0;
    base::TimePoint control_good_until;
  };
  struct State {
    std::map<std::string, Zone, std::less<>> zones;
    std::vector<ScreenListFigures> figures;
  };
  const std::vector<ScreenList> rows_;
  base::Guarded<State> state_;
};

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
  void done() {
    state_.with([](State& state) { --state.open; });
  }
  [[nodiscard]] std::vector<ScreenSaid> said() const {
    return state_.with([](const State& state) { return state.said; });
  }

 private:
  struct State {
    State(std::size_t rows, std::size_t awaited) : said(rows), open(awaited) {}
    std::vector<ScreenSaid> said;
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
    if (!client || service_.is_spared(request, *client)) {
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
    const auto& options = service_.options_;
    const auto said = question_->said();
    const auto verdict = screen(options.rules, said);
    const base::IpAddress client = question_->client();
    const bool complete = question_->complete();
    question_.reset();
    if (!complete) ++service_.counters_.late;
    if (verdict.allowed) ++service_.counters_.allowed;
    service_.lists_->count(verdict);
    action_ = "DUNNO";
    if (!verdict.hits.empty() && options.header) {
      action_ =
          "PREPEND X-Leumund-Screen: " + screen_summary(options.rules, said, verdict, client) +
          (verdict.refused ? " would-refuse" : "");
    }
    refused_ = verdict.refused && options.enforce;
    if (verdict.refused) {
      ++service_.counters_.refused;
      const std::string refusal = screen_refusal(options.rules, said, verdict, client);
      base::log(base::LogLevel::info, "event=screening client={} enforced={} answer=\"{}\"",
                client.to_string(), options.enforce, refusal);
      if (options.enforce) action_ = refusal;
    }
    client_ = client;
    good_until_ = complete ? Clock::now() + remembered_for : Clock::time_point{};
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
      lists_(std::make_shared<Lists>(options_.rules.lists)),
      asking_(std::make_shared<std::atomic<std::size_t>>(0)),
      logged_at_(Clock::now() - logged_every) {}

ScreenService::~ScreenService() = default;

void ScreenService::stop(std::chrono::milliseconds grace) { listener_->stop(grace); }

bool ScreenService::is_spared(const wire::PolicyRequest& request,
                              const base::IpAddress& client) const {
  return !request.get(wire::PolicyAttribute::sasl_username).empty() || client.is_private() ||
         std::ranges::any_of(options_.own_networks, [&](const base::IpPrefix& network) {
           return network.contains(client);
         });
}

std::shared_ptr<ScreenService::Question> ScreenService::ask_about(const base::IpAddress& client) {
  if (*asking_ >= options_.asking_max) return nullptr;
  const auto zones = lists_->to_ask(client);
  auto question = std::make_shared<Question>(client, options_.rules.lists.size(), zones.size(),
                                             Clock::now() + options_.deadline, asking_);
  const std::string labels = diagnosis::reversed_labels(client);
  for (const auto& rows : zones) {
    const std::string name = labels + "." + options_.rules.lists[rows.front()].list.zone;
    // What comes late finds the question and the figures still there, but no service.
    dns_.ask({.name = name}, options_.deadline,
             [question, lists = lists_, rows, name, &dns = dns_, deadline = options_.deadline,
              now = options_.clock](const net::DnsAnswer& answer) {
               bool listed = false;
               for (const std::uint32_t row : rows) {
                 const auto read_as = read(lists->at(row).list, answer);
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
                            const std::shared_ptr<Lists>& lists,
                            const std::vector<std::uint32_t>& rows, std::chrono::milliseconds left,
                            base::TimePoint now) {
  const diagnosis::DnsList& list = lists->at(rows.front()).list;
  if (!lists->wants_control(rows.front(), now)) return;
  question->await_more();
  const auto random = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const auto point = control_point(list, random);
  dns.ask({.name = diagnosis::list_question(point.name, list.zone)}, left,
          [question, lists, rows, point, now](const net::DnsAnswer& answer) {
            const auto read_as = read(lists->at(rows.front()).list, answer);
            const std::string wrong = wrong_at_point(point, exists(answer.found), read_as);
            if (!wrong.empty()) {
              for (const std::uint32_t row : rows) question->put(row, {});
            }
            lists->see_control(rows.front(), wrong, answer.found, now);
            question->done();
          });
}

void ScreenService::tick() {
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
                 const auto there = exists(answer.found);
                 lists->see_point(row, wrong_at_point(point, there, read(list, answer)), !there,
                                  now);
               });
    }
  }
}

void ScreenService::refuse(const base::Error& error, std::string& out) {
  ++counters_.malformed;
  if (loop_.woke_at() - logged_at_ >= logged_every) {
    logged_at_ = loop_.woke_at();
    base::log(base::LogLevel::warn,
              "event=screening_request_refused listener={} answer=DUNNO why={}",
              bound().to_string(), error.message);
  }
  out += "action=DUNNO\n\n";
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
          .lists = lists_->figures()};
}

}  // namespace leumund::intake
