// What watching ourselves costs: a network of a /18 on 50 lists as fast as it goes, the same at a
// rate, and 100 addresses on 150 lists every ten minutes. rbldnsd on loopback serves the lists.
//
// Usage: watch_bench [PART...]    network, resolver, rate, own; all unless told
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "base/check.h"
#include "intake/watch_service.h"
#include "net/screen_asker.h"

namespace leumund {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int port = 15'399;

std::string zone_of(int list) { return fmt::format("l{}.lists.example", list); }

// Serves `lists` zones with a few entries each until its end.
class ForeignLists {
 public:
  explicit ForeignLists(int lists) {
    std::string pattern = (std::filesystem::temp_directory_path() / "watch_bench_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    std::filesystem::permissions(folder_, std::filesystem::perms(0755));
    const std::string address = fmt::format("127.0.0.1/{}", port);
    std::vector<std::string> words = {"rbldnsd", "-n", "-q", "-b", address, "-r", folder_};
    for (int i = 0; i < lists; ++i) {
      std::ofstream(folder_ + "/" + zone_of(i))
          << "$SOA 300 ns.example. h.example. 1 600 300 86400 300\n:127.0.0.2:listed\n127.0.0.2\n"
             "10.1.7.7\n";
      words.push_back(fmt::format("{0}:ip4set:{0}", zone_of(i)));
    }
    child_ = ::fork();
    if (child_ == 0) {
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      CHECK(::freopen("/dev/null", "w", stderr) != nullptr);
      CHECK(::freopen("/dev/null", "w", stdout) != nullptr);
      ::execv("/usr/sbin/rbldnsd", arguments.data());
      _exit(127);
    }
    std::this_thread::sleep_for(seconds(2));
  }
  ~ForeignLists() {
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }
  ForeignLists(const ForeignLists&) = delete;
  ForeignLists& operator=(const ForeignLists&) = delete;

  [[nodiscard]] double processor_seconds() const {
    std::ifstream file(fmt::format("/proc/{}/stat", child_));
    std::string word;
    double ticks = 0;
    for (int i = 1; i <= 15 && file >> word; ++i) {
      if (i >= 14) ticks += std::strtod(word.c_str(), nullptr);
    }
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }

 private:
  std::string folder_;
  pid_t child_ = -1;
};

double own_processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto sum = [](const timeval& a, const timeval& b) {
    return static_cast<double>(a.tv_sec + b.tv_sec) +
           static_cast<double>(a.tv_usec + b.tv_usec) / 1e6;
  };
  return sum(used.ru_utime, used.ru_stime);
}

struct Watched {
  int lists = 0;
  intake::WatchTargets targets;
  double per_second = 0;
  bool screened = true;
};

struct Cost {
  std::uint64_t questions = 0;
  double wall = 0;
  double ours = 0;
  double theirs = 0;
  std::size_t listings = 0;
  std::uint64_t unanswered = 0;
};

// Watches until `questions` are answered, or `span` is over.
Cost watch(Watched what, std::uint64_t questions, seconds span) {
  const ForeignLists foreign(what.lists);
  net::ResolverOptions dns;
  std::vector<diagnosis::DnsList> lists;
  for (int i = 0; i < what.lists; ++i) {
    dns.stub_zones.push_back(fmt::format("{}=127.0.0.1@{}", zone_of(i), port));
    lists.push_back(*diagnosis::parse_postscreen_list(zone_of(i)));
    lists.back().of_v6 = lists.back().of_domains = false;
  }
  dns.pending_max = 4096;
  auto resolver = net::Resolver::open(dns);
  CHECK(resolver.ok());
  auto screen = net::ScreenAsker::open(dns, **resolver);
  CHECK(screen.ok());
  intake::WatchOptions options;
  options.in_flight = 256;
  options.rules.in_flight_per_list = 64;
  options.queries_per_second = what.per_second;
  net::DnsAsker& fast = what.screened ? static_cast<net::DnsAsker&>(**screen) : **resolver;
  intake::WatchService service(
      options, intake::WatchBook(options.rules, std::move(lists), std::move(what.targets)), fast,
      **resolver, [](const intake::WatchChange&) {}, [] { return base::system_now(); });
  Cost cost;
  const double theirs = foreign.processor_seconds();
  const double ours = own_processor_seconds();
  const auto began = steady_clock::now();
  service.start();
  while (service.answered() < questions && steady_clock::now() - began < span) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  cost.wall = std::chrono::duration<double>(steady_clock::now() - began).count();
  cost.questions = service.answered();
  cost.ours = own_processor_seconds() - ours;
  cost.theirs = foreign.processor_seconds() - theirs;
  std::this_thread::sleep_for(seconds(1));  // the last listings are confirmed
  const auto report = service.report();
  cost.listings = report.listings.size();
  for (const auto& list : report.lists) cost.unanswered += list.meter.unanswered;
  service.stop();
  return cost;
}

void print(const char* name, const Cost& cost) {
  fmt::print(
      "{}: {} questions in {:.1f} s ({:.0f}/s); processor {:.1f} s ours ({:.1f} us a question), "
      "{:.1f} s of the lists; {} listings, {} unanswered\n",
      name, cost.questions, cost.wall, static_cast<double>(cost.questions) / cost.wall, cost.ours,
      cost.ours * 1e6 / static_cast<double>(cost.questions), cost.theirs, cost.listings,
      cost.unanswered);
  std::fflush(stdout);
}

intake::WatchTargets network(const char* prefix) {
  intake::WatchTargets targets;
  CHECK(targets.add_network(*base::IpPrefix::parse(prefix)).ok());
  return targets;
}

intake::WatchTargets own_addresses(std::uint32_t count) {
  intake::WatchTargets targets;
  for (std::uint32_t i = 0; i < count; ++i) {
    targets.add_address(base::IpAddress::v4((10U << 24) + (9U << 16) + i), "");
  }
  return targets;
}

void run(const std::set<std::string>& parts) {
  const auto wanted = [&](const char* part) { return parts.empty() || parts.contains(part); };
  if (wanted("network")) {
    print("a /18 on 50 lists, no rate", watch({50, network("10.1.0.0/18")}, 819'200, seconds(600)));
  }
  if (wanted("resolver")) {
    print("a /21 on 50 lists, all through libunbound",
          watch({50, network("10.1.0.0/21"), 0, false}, 102'400, seconds(600)));
  }
  if (wanted("rate")) {
    print("a /18 on 50 lists at 2000/s, 10 s",
          watch({50, network("10.1.0.0/18"), 2000}, UINT64_MAX, seconds(10)));
  }
  if (!wanted("own")) return;
  // One round, and then what waiting for the next one costs.
  const Cost round = watch({150, own_addresses(100), 50}, 15'000, seconds(400));
  print("100 addresses on 150 lists, one round at 50/s", round);
  fmt::print("of ten minutes: {:.2f} % of a core\n", round.ours / 600 * 100);
}

}  // namespace
}  // namespace leumund

int main(int argc, char** argv) {
  leumund::run({argv + 1, argv + argc});
  return 0;
}
