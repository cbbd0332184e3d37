#include "face/list_zone_store.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "net/descriptor.h"

namespace leumund::face {
namespace {

using base::Error;
using base::ErrorCode;
using base::Status;

constexpr std::size_t chunk_bytes = 256 * 1024;

Error cannot(const char* what, const std::string& file, int number) {
  return {ErrorCode::unavailable,
          fmt::format("{}: cannot {}: {}", file, what, std::strerror(number))};
}

bool is_gzip(int fd) {
  unsigned char magic[2] = {0, 0};
  return ::pread(fd, magic, sizeof magic, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
}

Status read_plain(int fd, const std::string& name, wire::ZoneReader& reader) {
  std::vector<char> chunk(chunk_bytes);
  for (;;) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot("read", name, errno);
    if (got == 0) return {};
    const Status done = reader.read({chunk.data(), static_cast<std::size_t>(got)});
    if (!done.ok()) return done;
  }
}

Status read_packed(int fd, const std::string& name, wire::ZoneReader& reader) {
  const gzFile file = ::gzdopen(::dup(fd), "rb");
  if (file == nullptr) return cannot("unpack", name, ENOMEM);
  std::vector<char> chunk(chunk_bytes);
  Status done;
  int got = 0;
  while (done.ok() && (got = ::gzread(file, chunk.data(), chunk_bytes)) > 0) {
    done = reader.read({chunk.data(), static_cast<std::size_t>(got)});
  }
  // A file that ends too early says so only when it is closed.
  const int closed = ::gzclose_r(file);
  if (done.ok() && (got < 0 || closed != Z_OK)) {
    return Error{ErrorCode::malformed, name + ": the gzip data is damaged or ends too early"};
  }
  return done;
}

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

std::vector<std::string> split(std::string_view text, std::string_view dividers) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(dividers), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

base::Result<std::size_t> ListZoneStore::source_of(const std::string& spec) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].spec == spec) return i;
  }
  const std::size_t colon = spec.find(':');
  const std::string type = spec.substr(0, colon);
  const auto format = wire::zone_format_of(type);
  if (!format) return Error{ErrorCode::malformed, "unknown dataset type " + type.substr(0, 60)};
  Source source;
  source.format = *format;
  source.spec = spec;
  if (colon != std::string::npos) {
    for (std::string& name : split(std::string_view(spec).substr(colon + 1), ",:")) {
      source.files.push_back({.name = std::move(name)});
    }
  }
  if (source.files.empty()) {
    return Error{ErrorCode::malformed, fmt::format("no file is named in {}", spec.substr(0, 60))};
  }
  sources_.push_back(std::move(source));
  return sources_.size() - 1;
}

Status ListZoneStore::add(const std::string& spec) {
  const std::size_t colon = spec.find(':');
  if (colon == std::string::npos) {
    return Error{ErrorCode::malformed,
                 fmt::format("{} is no ZONE:TYPE:FILE,FILE...", spec.substr(0, 80))};
  }
  const auto name = wire::DnsName::parse(spec.substr(0, colon));
  if (!name) {
    return Error{ErrorCode::malformed, fmt::format("no zone name in {}", spec.substr(0, 80))};
  }
  const auto source = source_of(spec.substr(colon + 1));
  if (!source) return source.error();
  const bool access = sources_[*source].format == wire::ZoneFormat::acl;
  if (name->is_root()) {
    if (!access) {
      return Error{ErrorCode::malformed,
                   fmt::format("only rules (acl) go without a zone name: {}", spec.substr(0, 80))};
    }
    if (global_access_ != no_source) {
      return Error{ErrorCode::malformed, "rules for all zones are given twice"};
    }
    global_access_ = *source;
    return {};
  }
  auto zone = std::find_if(zones_.begin(), zones_.end(),
                           [&](const Zone& one) { return one.name == *name; });
  if (zone == zones_.end()) zone = zones_.insert(zone, {.name = *name, .sources = {}});
  if (!access) {
    zone->sources.push_back(*source);
  } else if (zone->access != no_source) {
    return Error{ErrorCode::malformed,
                 fmt::format("rules for zone {} are given twice", name->to_text())};
  } else {
    zone->access = *source;
  }
  return {};
}

bool ListZoneStore::changed(const Source& source) {
  return std::any_of(source.files.begin(), source.files.end(), [](const File& file) {
    struct stat now{};
    return ::stat(file.name.c_str(), &now) != 0 || now.st_size != file.size ||
           now.st_ino != file.inode || !same_time(now.st_mtim, file.changed);
  });
}

Status ListZoneStore::read_file(File& file, wire::ZoneReader& reader) const {
  const net::Descriptor fd(::open(file.name.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat before{};
  if (!fd.open() || ::fstat(fd.get(), &before) != 0) return cannot("open", file.name, errno);
  const bool packed = is_gzip(fd.get());
  if (packed && !options_.gzip) {
    return Error{ErrorCode::refused, file.name + " is packed, and -C says not to unpack"};
  }
  reader.begin_file(file.name);
  Status done =
      packed ? read_packed(fd.get(), file.name, reader) : read_plain(fd.get(), file.name, reader);
  if (done.ok()) done = reader.end_file();
  if (!done.ok()) return done;
  struct stat after{};
  if (::fstat(fd.get(), &after) != 0 || after.st_size != before.st_size ||
      !same_time(after.st_mtim, before.st_mtim)) {
    return Error{ErrorCode::unavailable,
                 file.name + " changed while it was read; write a new file and rename it"};
  }
  file.changed = before.st_mtim;
  file.size = before.st_size;
  file.inode = before.st_ino;
  return {};
}

Status ListZoneStore::load(Source& source, std::int64_t now, Report& report) {
  const auto begun = std::chrono::steady_clock::now();
  wire::ZoneReadOptions read = options_.read;
  read.now = now;
  auto values = std::make_shared<wire::ZoneValues>();
  listing::DatasetBuilder builder(source.format);
  wire::ZoneReader reader(source.format, read, *values, builder);
  auto loaded = std::make_shared<listing::LoadedDataset>();
  std::vector<File> files = source.files;
  for (File& file : files) {
    const Status done = read_file(file, reader);
    if (!done.ok()) return done;
    loaded->changed_at = std::max<std::int64_t>(loaded->changed_at, file.changed.tv_sec);
  }
  reader.finish();
  values->finish();
  auto built = builder.build(std::move(values));
  if (!built) return built.error();
  loaded->data = std::move(*built);
  loaded->head = reader.head();
  source.files = std::move(files);
  source.data = std::move(loaded);
  source.expired = false;
  for (const wire::ZoneWarning& one : reader.warnings()) report.warnings.push_back(one.to_text());
  const std::size_t repeated = source.data->data.repeated();
  if (repeated > 0) {
    report.warnings.push_back(fmt::format(
        "{}: {} networks are there twice; the first of each holds", source.spec, repeated));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  report.loaded.push_back({source.spec, source.data->data.entries(), source.data->memory_bytes(),
                           reader.warning_count() + repeated, took.count()});
  return {};
}

ListZoneStore::Report ListZoneStore::refresh(std::int64_t now) {
  Report report;
  for (Source& source : sources_) {
    if (changed(source)) {
      const Status done = load(source, now, report);
      if (!done.ok()) report.errors.push_back(done.error().message);
    }
    const bool over =
        source.data && source.data->head.expires_at && *source.data->head.expires_at < now;
    if (over && !source.expired) report.expired.push_back(source.spec);
    source.expired = over;
  }
  // What loading took beyond the tables goes back to the system: it is as much as they are.
  if (!report.loaded.empty()) ::malloc_trim(0);
  return report;
}

listing::DatasetPointer ListZoneStore::served(std::size_t source) const {
  return sources_[source].expired ? nullptr : sources_[source].data;
}

std::shared_ptr<const listing::ZoneSet> ListZoneStore::zone_set() const {
  std::vector<listing::ZonePlan> plans;
  for (const Zone& zone : zones_) {
    listing::ZonePlan plan;
    plan.name = zone.name;
    for (const std::size_t source : zone.sources) plan.datasets.push_back(served(source));
    plan.has_access = zone.access != no_source;
    if (plan.has_access) plan.access = served(zone.access);
    plans.push_back(std::move(plan));
  }
  return std::make_shared<const listing::ZoneSet>(
      std::move(plans), global_access_ == no_source ? nullptr : served(global_access_),
      options_.set);
}

}  // namespace leumund::face
