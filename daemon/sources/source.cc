#include "daemon/sources/source.h"

#include <stdexcept>

#include "daemon/sources/datagrams.h"
#include "daemon/sources/file_source.h"
#include "daemon/sources/kubernetes_source.h"
#include "daemon/sources/listener.h"
#include "daemon/sources/stdin_source.h"

namespace redactd {
namespace {

/// The sockets that systemd has opened under one name may be of both kinds.
class PassedSockets : public Source {
 public:
  explicit PassedSockets(SourceSetup setup)
      : name_(setup.config.listen.path),
        takes_datagrams_(setup.config.type == SourceConfig::Type::syslog),
        listener_(setup),
        datagrams_(std::move(setup)) {}

  void open() override {
    listener_.open();
    datagrams_.open();
    if (datagrams_.sockets() > 0 && !takes_datagrams_) {
      throw std::runtime_error(
          "systemd has handed over a datagram socket, which belongs to the type syslog; in the "
          "socket unit let it be ListenStream=, or name another one with FileDescriptorName=");
    }
    if (listener_.sockets() + datagrams_.sockets() > 0) return;
    throw std::runtime_error(name_.empty() ? "systemd has handed over no socket (LISTEN_FDS)"
                                           : "systemd has handed over no socket named '" + name_ +
                                                 "'; see FileDescriptorName= in the socket unit");
  }
  void start() override {
    listener_.start();
    datagrams_.start();
  }
  void stop() override {
    listener_.stop();
    datagrams_.stop();
  }

 private:
  const std::string name_;
  const bool takes_datagrams_;
  Listener listener_;
  DatagramSource datagrams_;
};

bool is_network(const SourceConfig& config) {
  return config.type == SourceConfig::Type::syslog || config.type == SourceConfig::Type::tcp ||
         config.type == SourceConfig::Type::relp;
}

}  // namespace

std::unique_ptr<Source> make_source(SourceSetup setup) {
  if (setup.config.type == SourceConfig::Type::stdin_)
    return std::make_unique<StdinSource>(std::move(setup));
  if (setup.config.type == SourceConfig::Type::file)
    return std::make_unique<FileSource>(std::move(setup));
  if (setup.config.type == SourceConfig::Type::kubernetes)
    return std::make_unique<KubernetesSource>(std::move(setup));
  switch (setup.config.listen.transport) {
    case Address::Transport::udp:
    case Address::Transport::unix_datagram:
      return std::make_unique<DatagramSource>(std::move(setup));
    case Address::Transport::systemd:
      return std::make_unique<PassedSockets>(std::move(setup));
    default:
      return std::make_unique<Listener>(std::move(setup));
  }
}

void note_failed_stream(Worker& worker, const SourceConfig& config, SourceCounters& counters) {
  worker.counters().engine_errors.add();
  counters.failed_streams.add();
  worker.log().error(
      "source ended until a restart: the matcher failed; what came last is held back",
      {{"source", configured(config.name)}});
}

StreamSettings stream_settings(const SourceConfig& config, size_t number) {
  StreamSettings settings;
  settings.source = number;
  settings.plain = config.type != SourceConfig::Type::syslog &&
                   config.type != SourceConfig::Type::relp &&
                   config.format != ContainerFormat::rfc5424;
  if (config.format == ContainerFormat::json) settings.cut_end = "\"}";
  settings.framing.framing = is_network(config) ? config.framing : Framing::newline;
  settings.framing.max_record = config.max_record;
  settings.framing.max_frame = config.max_frame;
  settings.framing.keep_empty = settings.plain;
  settings.framing.network = is_network(config);
  return settings;
}

}  // namespace redactd
