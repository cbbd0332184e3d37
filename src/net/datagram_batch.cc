#include "net/datagram_batch.h"

#include <fmt/core.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

namespace leumund::net {
namespace {

constexpr int receive_buffer_bytes = 4 * 1024 * 1024;  // as far as the system allows
constexpr suseconds_t wait_micros = 200'000;

base::Error failed(const char* what, const SocketAddress& where) {
  return {base::ErrorCode::unavailable,
          fmt::format("cannot {} udp {}: {}", what, where.to_string(), std::strerror(errno))};
}

// An answer leaves by whatever interface routes to the asker, not by the one that was asked on.
void forget_interface(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(part), sizeof info);
      info.ipi_ifindex = 0;
      std::memcpy(CMSG_DATA(part), &info, sizeof info);
    } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(part), sizeof info);
      if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
      std::memcpy(CMSG_DATA(part), &info, sizeof info);
    }
  }
}

}  // namespace

base::Result<std::unique_ptr<DatagramBatch>> DatagramBatch::open(const SocketAddress& where) {
  std::unique_ptr<DatagramBatch> batch(new DatagramBatch);
  batch->fd_ = Descriptor(::socket(where.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int fd = batch->fd_.get();
  if (fd < 0) return failed("open a socket for", where);
  const int on = 1;
  const timeval wait{0, wait_micros};
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  if (where.family() == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  batch->wildcard_ = where.is_wildcard();
  if (batch->wildcard_ && where.family() == AF_INET) {
    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  } else if (batch->wildcard_) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  }
  if (bind(fd, where.get(), where.size()) != 0) return failed("bind", where);
  if (!batch->bound_.of_own(fd)) return failed("read the address of", where);
  for (std::size_t i = 0; i < batch_max; ++i) batch->prepare(i);
  return batch;
}

void DatagramBatch::prepare(std::size_t i) {
  Slot& slot = slots_[i];
  slot.vector = {slot.bytes.data(), slot.bytes.size()};
  msghdr& message = in_[i].msg_hdr;
  message.msg_name = slot.peer.get();
  message.msg_namelen = SocketAddress::room;
  message.msg_iov = &slot.vector;
  message.msg_iovlen = 1;
  message.msg_control = wildcard_ ? slot.control.data() : nullptr;
  message.msg_controllen = wildcard_ ? slot.control.size() : 0;
  message.msg_flags = 0;
}

std::size_t DatagramBatch::receive() {
  replies_ = 0;
  const int received = recvmmsg(fd_.get(), in_.data(), batch_max, MSG_WAITFORONE, nullptr);
  received_ = received > 0 ? static_cast<std::size_t>(received) : 0;
  return received_;
}

std::span<const std::uint8_t> DatagramBatch::datagram(std::size_t i) const {
  return {slots_[i].bytes.data(), in_[i].msg_len};
}

bool DatagramBatch::cut(std::size_t i) const { return (in_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0; }

void DatagramBatch::reply(std::size_t i, std::size_t bytes) {
  slots_[i].vector.iov_len = bytes;
  out_[replies_].msg_hdr = in_[i].msg_hdr;
  out_[replies_].msg_hdr.msg_flags = 0;
  if (wildcard_) forget_interface(out_[replies_].msg_hdr);
  ++replies_;
}

void DatagramBatch::send() {
  for (std::size_t done = 0; done < replies_;) {
    const int sent =
        sendmmsg(fd_.get(), out_.data() + done, static_cast<unsigned>(replies_ - done), 0);
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      ++done;  // this one cannot be sent
      ++unsent_;
    }
  }
  replies_ = 0;
  for (std::size_t i = 0; i < received_; ++i) prepare(i);
  received_ = 0;
}

}  // namespace leumund::net
