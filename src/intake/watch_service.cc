#include "intake/watch_service.h"

#include <pthread.h>

#include <algorithm>
#include <future>
#include <utility>

#include "intake/pacer.h"
#include "model/page_about.h"

namespace leumund::intake {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds idle_step{100};

WatchReply reply_of(const net::DnsAnswer& answer, steady_clock::time_point asked_at) {
  return {answer,
          std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - asked_at)};
}

// A list that is asked by a key is asked under a name that nobody else must see.
net::DnsQuestion question_of(const diagnosis::DnsList& list, const std::string& subject,
                             net::RecordType type) {
  return {diagnosis::list_question(subject, list.zone), type};
}

}  // namespace

WatchService::WatchService(WatchOptions options, WatchBook book, net::DnsAsker& screen,
                           net::DnsAsker& resolver, OnChange on_change, Now now)
    : options_(options),
      book_(std::move(book)),
      lists_(book_.with([](const WatchBook& one) { return one.lists(); })),
      screen_(screen),
      resolver_(resolver),
      on_change_(std::move(on_change)),
      now_(std::move(now)),
      done_(std::make_shared<base::BoundedQueue<Done>>(options.in_flight + 1,
                                                       base::WhenFull::push_back)),
      pacer_(std::make_unique<Pacer>(options.queries_per_second, steady_clock::now())) {}

WatchService::~WatchService() { stop(); }

void WatchService::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "watch");
    run();
  });
}

void WatchService::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void WatchService::run() {
  while (!stopping_) {
    fill(now_());
    auto done = done_->pop(std::chrono::ceil<std::chrono::milliseconds>(wait_));
    while (done) {
      take(*done);
      done = done_->pop(std::chrono::milliseconds(0));
    }
    const auto changes = book_.with([](WatchBook& book) { return book.drain(); });
    for (const WatchChange& change : changes) on_change_(change);
  }
}

void WatchService::fill(base::TimePoint now) {
  wait_ = idle_step;
  while (flying_ < options_.in_flight) {
    if (!pacer_->take(steady_clock::now())) {
      wait_ = std::min<std::chrono::microseconds>(idle_step, pacer_->wait());
      return;
    }
    auto question = book_.with([&](WatchBook& book) { return book.next(now); });
    if (!question) return pacer_->give_back();
    send(std::move(*question));
  }
}

void WatchService::send(WatchQuestion question) {
  ++flying_;
  const auto& list = lists_[question.list];
  const bool text = question.about == WatchQuestion::About::reason;
  const bool sure = question.sure || text;
  auto asked = question_of(list, question.name, text ? net::RecordType::txt : net::RecordType::a);
  const auto asked_at = steady_clock::now();
  auto& asker = sure ? resolver_ : screen_;
  asker.ask(std::move(asked), options_.deadline,
            [queue = done_, question = std::move(question), asked_at](const auto& answer) {
              // Room for all that is in flight: never refused.
              [[maybe_unused]] const bool taken =
                  queue->push({question, reply_of(answer, asked_at)});
            });
}

void WatchService::take(const Done& done) {
  --flying_;
  ++answered_;
  const auto now = now_();
  book_.with([&](WatchBook& book) { book.answer(done.question, done.reply, now); });
}

WatchReport WatchService::report() const {
  return book_.with([](const WatchBook& book) {
    WatchReport out;
    out.listings = book.listings();
    out.lists = book.health();
    out.own = book.targets().own_count();
    out.whole = book.targets().count() - out.own;
    for (const auto& network : book.targets().networks()) {
      out.networks.push_back(network.to_string());
    }
    return out;
  });
}

std::vector<LookupRow> WatchService::look_up(const std::string& subject) {
  const auto address = base::IpAddress::parse(subject);
  const auto health = book_.with([](const WatchBook& book) { return book.health(); });
  std::vector<LookupRow> rows;
  struct Asked {
    std::future<WatchReply> codes;
    std::future<WatchReply> words;
  };
  std::vector<Asked> asked;
  const auto ask = [&](const diagnosis::DnsList& list, net::RecordType type) {
    auto promise = std::make_shared<std::promise<WatchReply>>();
    auto future = promise->get_future();
    resolver_.ask(question_of(list, subject, type), options_.deadline,
                  [promise, at = steady_clock::now()](const net::DnsAnswer& answer) {
                    promise->set_value(reply_of(answer, at));
                  });
    return future;
  };
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    const auto& list = lists_[i];
    if (address ? !list.asks(*address) : !list.of_domains) continue;
    LookupRow row;
    row.list = list.id;
    row.name = list.name;
    row.state = health[i].state;
    if (row.state == ListState::untested) {
      row.doubt = "not tried by its test points yet";
    } else if (row.state != ListState::well) {
      row.doubt = health[i].reason;
    }
    row.lookup_url = model::page_about(list.lookup_url, subject);
    row.delist_url = model::page_about(list.delist_url, subject);
    rows.push_back(std::move(row));
    asked.push_back({ask(list, net::RecordType::a), ask(list, net::RecordType::txt)});
  }
  const auto until = steady_clock::now() + options_.deadline + std::chrono::seconds(1);
  std::size_t at = 0;
  for (std::size_t i = 0; i < lists_.size() && at < rows.size(); ++i) {
    if (lists_[i].id != rows[at].list) continue;
    LookupRow& row = rows[at];
    Asked& pair = asked[at++];
    if (pair.codes.wait_until(until) != std::future_status::ready) {
      row.answer.trouble = "no answer in time";
      continue;
    }
    const WatchReply codes = pair.codes.get();
    row.took = std::chrono::ceil<std::chrono::milliseconds>(codes.took);
    row.answer = read_reply(lists_[i], codes);
    if (row.answer.verdict != diagnosis::ListVerdict::listed) continue;
    if (pair.words.wait_until(until) != std::future_status::ready) continue;
    const WatchReply words = pair.words.get();
    if (!words.texts.empty()) row.reason = words.texts.front().substr(0, 500);
  }
  return rows;
}

}  // namespace leumund::intake
