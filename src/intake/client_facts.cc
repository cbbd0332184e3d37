#include "intake/client_facts.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <maxminddb.h>

#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace leumund::intake {

struct ClientFactsSource::Database {
  MMDB_s handle{};
  ~Database() { MMDB_close(&handle); }

  [[nodiscard]] static base::Result<std::unique_ptr<Database>> open(const std::string& file) {
    MMDB_s handle{};
    const int status = MMDB_open(file.c_str(), MMDB_MODE_MMAP, &handle);
    if (status != MMDB_SUCCESS) {
      return base::Error{
          base::ErrorCode::unavailable,
          fmt::format("{} is no readable MaxMind database: {}", file, MMDB_strerror(status))};
    }
    auto database = std::make_unique<Database>();
    database->handle = handle;
    return database;
  }

  [[nodiscard]] std::optional<MMDB_entry_s> find(const base::IpAddress& address) const {
    sockaddr_storage storage{};
    if (address.is_v4()) {
      sockaddr_in four{};
      four.sin_family = AF_INET;
      four.sin_addr.s_addr = htonl(address.v4_bits());
      std::memcpy(&storage, &four, sizeof four);
    } else {
      sockaddr_in6 six{};
      six.sin6_family = AF_INET6;
      std::memcpy(&six.sin6_addr, address.bytes().data(), 16);
      std::memcpy(&storage, &six, sizeof six);
    }
    int status = MMDB_SUCCESS;
    const auto result =
        MMDB_lookup_sockaddr(&handle, reinterpret_cast<const sockaddr*>(&storage), &status);
    if (status != MMDB_SUCCESS || !result.found_entry) return std::nullopt;
    return result.entry;
  }
};

namespace {

template <typename... Path>
std::optional<MMDB_entry_data_s> field(MMDB_entry_s entry, std::uint32_t type, Path... path) {
  MMDB_entry_data_s data{};
  if (MMDB_get_value(&entry, &data, path..., nullptr) != MMDB_SUCCESS || !data.has_data ||
      data.type != type) {
    return std::nullopt;
  }
  return data;
}

}  // namespace

ClientFactsSource::ClientFactsSource() = default;
ClientFactsSource::~ClientFactsSource() = default;

base::Result<std::unique_ptr<ClientFactsSource>> ClientFactsSource::open(const Files& files) {
  std::unique_ptr<ClientFactsSource> source(new ClientFactsSource());
  const std::pair<const std::string*, std::unique_ptr<Database>*> wanted[] = {
      {&files.country, &source->country_}, {&files.as_number, &source->as_number_}};
  for (const auto& [file, place] : wanted) {
    if (file->empty()) continue;
    auto opened = Database::open(*file);
    if (!opened) return opened.error();
    *place = std::move(*opened);
  }
  return source;
}

bool ClientFactsSource::empty() const { return !country_ && !as_number_; }

model::ClientFacts ClientFactsSource::look_up(const base::IpAddress& address) const {
  model::ClientFacts facts;
  if (country_) {
    if (const auto entry = country_->find(address)) {
      if (const auto code = field(*entry, MMDB_DATA_TYPE_UTF8_STRING, "country", "iso_code");
          code && code->data_size == 2) {
        facts.country = std::string(code->utf8_string, 2);
      }
      const auto latitude = field(*entry, MMDB_DATA_TYPE_DOUBLE, "location", "latitude");
      const auto longitude = field(*entry, MMDB_DATA_TYPE_DOUBLE, "location", "longitude");
      if (latitude && longitude) {
        facts.place = {static_cast<float>(latitude->double_value),
                       static_cast<float>(longitude->double_value)};
      }
    }
  }
  if (as_number_) {
    if (const auto entry = as_number_->find(address)) {
      if (const auto number = field(*entry, MMDB_DATA_TYPE_UINT32, "autonomous_system_number")) {
        facts.as_number = number->uint32;
      }
    }
  }
  return facts;
}

}  // namespace leumund::intake
