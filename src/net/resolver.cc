#include "net/resolver.h"

#include <fmt/core.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <map>
#include <optional>
#include <thread>
#include <unordered_map>

#include "base/guarded.h"
#include "net/descriptor.h"
#include "net/dns_rdata.h"

namespace leumund::net {
namespace {

using base::Error;
using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t name_bytes_max = 253;

struct ContextCloser {
  void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
};
using Context = std::unique_ptr<ub_ctx, ContextCloser>;

int type_code(RecordType type) {
  switch (type) {
    case RecordType::a: return 1;
    case RecordType::aaaa: return 28;
    case RecordType::mx: return 15;
    case RecordType::txt: return 16;
    case RecordType::ptr: return 12;
  }
  return 1;
}

DnsAnswer unknown(std::string trouble) {
  DnsAnswer answer;
  answer.trouble = std::move(trouble);
  return answer;
}

// The names of RFC 1035, RFC 2136 and IANA's table.
std::string rcode_name(int code) {
  constexpr std::array<std::string_view, 12> names = {
      "NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED",
      "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE", "DSOTYPENI"};
  if (code >= 0 && static_cast<std::size_t>(code) < names.size()) {
    return std::string(names[static_cast<std::size_t>(code)]);
  }
  return code == 16 ? "BADVERS" : fmt::format("code {}", code);
}

DnsAnswer answer_of(RecordType type, int error, const ub_result* result) {
  if (error != 0 || result == nullptr) return unknown(ub_strerror(error));
  if (result->bogus != 0) return unknown("the answer's signature is wrong");
  constexpr int no_error = 0;
  constexpr int no_name = 3;
  if (result->rcode != no_error && result->rcode != no_name) {
    return unknown("the servers answer " + rcode_name(result->rcode));
  }
  DnsAnswer answer;
  answer.ttl = std::chrono::seconds(std::max(0, result->ttl));
  answer.found = Found::no;
  if (result->havedata == 0) return answer;
  for (std::size_t i = 0; result->data[i] != nullptr; ++i) {
    const std::string_view data(result->data[i], static_cast<std::size_t>(result->len[i]));
    if (read_rdata(type, data, answer)) answer.found = Found::yes;
  }
  std::stable_sort(answer.mails.begin(), answer.mails.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return answer.found == Found::yes ? answer : unknown("the answer's records are damaged");
}

struct Asked {
  DnsQuestion question;
  steady_clock::time_point until;
  Resolver::Done done;
};

class UnboundResolver final : public Resolver {
 public:
  UnboundResolver(Context context, Descriptor wake, std::size_t pending_max)
      : context_(std::move(context)), wake_(std::move(wake)), pending_max_(pending_max) {
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "resolve");
      run();
    });
  }
  ~UnboundResolver() override {
    stopping_ = true;
    wake();
    thread_.join();
  }

  void ask(DnsQuestion question, milliseconds deadline, Done done) override;
  [[nodiscard]] ResolverCounters counters() const override;

 private:
  struct Running {
    UnboundResolver* owner;
    std::uint64_t number;
    int id = 0;  // libunbound's, for cancelling; 0 once it has ended
    Asked asked;
  };

  static void on_result(void* data, int error, ub_result* result);
  void run();
  void begin(Asked asked);
  void finish(std::uint64_t number, const DnsAnswer& answer);
  void end_late();
  [[nodiscard]] int wait_millis() const;
  void wake();
  void count(const DnsAnswer& answer);

  Context context_;
  Descriptor wake_;
  const std::size_t pending_max_;
  std::atomic<bool> stopping_ = false;
  base::Guarded<std::vector<Asked>> waiting_;  // for the thread to take
  // The rest is the thread's own.
  std::unordered_map<std::uint64_t, std::unique_ptr<Running>> running_;
  std::multimap<steady_clock::time_point, std::uint64_t> ends_;
  std::uint64_t last_number_ = 0;
  std::atomic<std::uint64_t> pending_ = 0;
  std::atomic<std::uint64_t> asked_ = 0;
  std::atomic<std::uint64_t> found_ = 0;
  std::atomic<std::uint64_t> absent_ = 0;
  std::atomic<std::uint64_t> unknown_ = 0;
  std::atomic<std::uint64_t> overload_ = 0;
  std::thread thread_;
};

void UnboundResolver::count(const DnsAnswer& answer) {
  switch (answer.found) {
    case Found::yes: ++found_; break;
    case Found::no: ++absent_; break;
    case Found::unknown: ++unknown_; break;
  }
}

void UnboundResolver::wake() {
  const std::uint64_t one = 1;
  // Only fails when it is signalled already.
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void UnboundResolver::ask(DnsQuestion question, milliseconds deadline, Done done) {
  ++asked_;
  if (pending_.fetch_add(1) >= pending_max_ || stopping_) {
    --pending_;
    ++overload_;
    ++unknown_;
    return done(unknown("too many questions are pending"));
  }
  waiting_.with([&](auto& waiting) {
    waiting.push_back({std::move(question), steady_clock::now() + deadline, std::move(done)});
  });
  wake();
}

ResolverCounters UnboundResolver::counters() const {
  return {asked_, found_, absent_, unknown_, overload_, pending_};
}

// Called by ub_process() on our thread.
void UnboundResolver::on_result(void* data, int error, ub_result* result) {
  const std::unique_ptr<ub_result, void (*)(ub_result*)> owned(result, &ub_resolve_free);
  auto* running = static_cast<Running*>(data);
  running->id = 0;
  const DnsAnswer answer = answer_of(running->asked.question.type, error, result);
  running->owner->finish(running->number, answer);
}

void UnboundResolver::finish(std::uint64_t number, const DnsAnswer& answer) {
  const auto found = running_.find(number);
  if (found == running_.end()) return;
  const std::unique_ptr<Running> running = std::move(found->second);
  running_.erase(found);
  if (running->id != 0) ub_cancel(context_.get(), running->id);
  --pending_;
  count(answer);
  running->asked.done(answer);
}

void UnboundResolver::begin(Asked asked) {
  const std::uint64_t number = ++last_number_;
  auto made = std::make_unique<Running>(Running{this, number, 0, std::move(asked)});
  Running* running = made.get();
  ends_.emplace(running->asked.until, number);
  running_.emplace(number, std::move(made));
  const std::string& name = running->asked.question.name;
  if (name.empty() || name.size() > name_bytes_max || name.find('\0') != std::string::npos) {
    return finish(number, unknown("that is no domain name"));
  }
  int id = 0;
  constexpr int internet = 1;
  const int error =
      ub_resolve_async(context_.get(), name.c_str(), type_code(running->asked.question.type),
                       internet, running, &UnboundResolver::on_result, &id);
  if (error != 0) return finish(number, unknown(ub_strerror(error)));
  // What lies in the cache may have been answered within the call.
  if (const auto still = running_.find(number); still != running_.end()) still->second->id = id;
}

void UnboundResolver::end_late() {
  const auto now = steady_clock::now();
  while (!ends_.empty() && ends_.begin()->first <= now) {
    const std::uint64_t number = ends_.begin()->second;
    ends_.erase(ends_.begin());
    finish(number, unknown("no answer in time"));
  }
}

int UnboundResolver::wait_millis() const {
  if (ends_.empty()) return -1;
  const auto left =
      std::chrono::ceil<milliseconds>(ends_.begin()->first - steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void UnboundResolver::run() {
  while (!stopping_) {
    pollfd sources[] = {{ub_fd(context_.get()), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    ::poll(sources, 2, wait_millis());
    if ((sources[1].revents & POLLIN) != 0) {
      std::uint64_t signals = 0;
      [[maybe_unused]] const auto got = ::read(wake_.get(), &signals, sizeof signals);
    }
    for (Asked& asked : waiting_.with([](auto& waiting) { return std::exchange(waiting, {}); })) {
      begin(std::move(asked));
    }
    if ((sources[0].revents & POLLIN) != 0) ub_process(context_.get());
    end_late();
  }
  while (!running_.empty()) finish(running_.begin()->first, unknown("the resolver stops"));
  for (Asked& asked : waiting_.with([](auto& waiting) { return std::exchange(waiting, {}); })) {
    --pending_;
    asked.done(unknown("the resolver stops"));
  }
}

// --- making it -----------------------------------------------------------------------------------

struct StubZone {
  std::string zone;
  std::string server;
};

std::optional<StubZone> split_stub(std::string_view text) {
  const std::size_t at = text.find('=');
  if (at == std::string_view::npos || at == 0 || at > name_bytes_max) return std::nullopt;
  return StubZone{std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

// libunbound answers some zones by itself ("test.", "home.arpa.", "onion."). Where somebody is
// named who knows better, he is asked.
base::Status drop_built_in_zones(ub_ctx& context, const ResolverOptions& options) {
  std::vector<std::string> zones;
  if (!options.forwarders.empty()) zones = {"test.", "invalid.", "home.arpa.", "onion."};
  for (const std::string& text : options.stub_zones) {
    const auto stub = split_stub(text);
    if (!stub) continue;
    for (std::string zone = stub->zone; !zone.empty();) {
      zones.push_back(zone.ends_with('.') ? zone : zone + '.');
      const std::size_t dot = zone.find('.');
      zone.erase(0, dot == std::string::npos ? zone.size() : dot + 1);
    }
  }
  for (const std::string& zone : zones) {
    if (const int error = ub_ctx_zone_remove(&context, zone.c_str()); error != 0) {
      return Error{ErrorCode::internal,
                   fmt::format("libunbound keeps the zone {}: {}", zone, ub_strerror(error))};
    }
  }
  return {};
}

base::Status set_options(ub_ctx& context, const ResolverOptions& options) {
  const std::pair<const char*, std::string> settings[] = {
      {"module-config:", "iterator"},  // who must be asked is nobody's secret: no validation
      {"do-not-query-localhost:", "no"},
      {"unblock-lan-zones:", "yes"},
      {"msg-cache-size:", std::to_string(options.cache_bytes)},
      {"rrset-cache-size:", std::to_string(options.cache_bytes)},
      {"cache-max-ttl:", "86400"},
      {"cache-max-negative-ttl:", "3600"},
      {"outgoing-range:", "256"},
      {"num-queries-per-thread:", "512"},
      {"qname-minimisation:", "yes"},
      {"use-syslog:", "no"},
      {"verbosity:", "0"},
  };
  for (const auto& [name, value] : settings) {
    if (const int error = ub_ctx_set_option(&context, name, value.c_str()); error != 0) {
      return Error{ErrorCode::internal,
                   fmt::format("libunbound takes no {} {}: {}", name, value, ub_strerror(error))};
    }
  }
  const auto wrong = [](const char* what, const std::string& text, int error) {
    return Error{ErrorCode::malformed,
                 fmt::format("dns {} '{}': {}", what, text, ub_strerror(error))};
  };
  for (const std::string& server : options.forwarders) {
    const int error = ub_ctx_set_fwd(&context, server.c_str());
    if (error != 0) return wrong("forwarder", server, error);
  }
  for (const std::string& text : options.stub_zones) {
    const auto stub = split_stub(text);
    const int error =
        stub ? ub_ctx_set_stub(&context, stub->zone.c_str(), stub->server.c_str(), 0) : UB_SYNTAX;
    if (error != 0) return wrong("stub zone", text, error);
  }
  return {};
}

}  // namespace

std::string reverse_name(const base::IpAddress& address, std::string_view zone) {
  std::string name;
  const auto& bytes = address.bytes();
  if (address.is_v4()) {
    for (std::size_t i = bytes.size(); i > bytes.size() - 4; --i) {
      name += fmt::format("{}.", bytes[i - 1]);
    }
  } else {
    for (std::size_t i = bytes.size(); i > 0; --i) {
      name += fmt::format("{:x}.{:x}.", bytes[i - 1] & 0xf, bytes[i - 1] >> 4);
    }
  }
  name += zone.empty() ? (address.is_v4() ? "in-addr.arpa" : "ip6.arpa") : zone;
  return name;
}

base::Result<std::unique_ptr<Resolver>> Resolver::open(const ResolverOptions& options) {
  Context context(ub_ctx_create());
  if (!context) return Error{ErrorCode::exhausted, "libunbound cannot be started"};
  if (const auto set = set_options(*context, options); !set) return set.error();
  // A worker thread of libunbound does the waiting; its results come through a pipe.
  if (const int error = ub_ctx_async(context.get(), 1); error != 0) {
    return Error{ErrorCode::internal, fmt::format("libunbound: {}", ub_strerror(error))};
  }
  // After that, because it makes the context final.
  if (const auto set = drop_built_in_zones(*context, options); !set) return set.error();
  Descriptor wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake.open()) return Error{ErrorCode::exhausted, "no descriptor for the resolver"};
  return std::unique_ptr<Resolver>(new UnboundResolver(
      std::move(context), std::move(wake), std::max<std::size_t>(1, options.pending_max)));
}

DnsAnswer Resolver::look_up(DnsQuestion question, milliseconds deadline) {
  auto answered = std::make_shared<std::promise<DnsAnswer>>();
  auto answer = answered->get_future();
  ask(std::move(question), deadline,
      [answered](const DnsAnswer& given) { answered->set_value(given); });
  // The resolver keeps deadlines itself; the second on top is for a machine that stands still.
  if (answer.wait_for(deadline + std::chrono::seconds(1)) != std::future_status::ready) {
    return unknown("no answer in time");
  }
  return answer.get();
}

}  // namespace leumund::net
