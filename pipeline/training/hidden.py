"""Lets a cell net's file tell its hidden layer too: `python -m pipeline.training.hidden cells.onnx`.

An office's computer refits the last layer on its own hands (`sotarsa learn`) and needs what that layer sees. The
tensor is there already; it becomes a second output, and the logits stay the same to the last bit. The card beside the
file gets the version of the new file.
"""

import argparse
import hashlib
import json
from pathlib import Path

import onnx

OUTPUT = "hidden"


def show_hidden(path: Path) -> None:
    """Adds the input of a net's last layer, float32 (n, H), as output `hidden`; a file that has it stays as it is.

    Raises:
        ValueError: the net does not end in a dense layer.
    """
    model = onnx.load(path)
    graph = model.graph
    if OUTPUT in [output.name for output in graph.output]:
        return
    dense = [node for node in graph.node if node.op_type == "Gemm"]
    if not dense:
        raise ValueError(f"{path} has no dense layer")
    weights = dense[-1].input[1]
    # In 8 bits the weights pass through a DequantizeLinear.
    raw = next((node.input[0] for node in graph.node if weights in node.output), weights)
    width = next(tensor.dims[1] for tensor in graph.initializer if tensor.name == raw)
    graph.node.append(onnx.helper.make_node("Identity", [dense[-1].input[0]], [OUTPUT], name=OUTPUT))
    graph.output.append(onnx.helper.make_tensor_value_info(OUTPUT, onnx.TensorProto.FLOAT, ["n", width]))
    onnx.checker.check_model(model)
    onnx.save(model, path)


def stamp(model: Path, card: Path) -> None:
    """Writes the version of a model's file, the first 8 digits of its SHA-256, into its card."""
    told = json.loads(card.read_text(encoding="utf-8"))
    told["version"] = hashlib.sha256(model.read_bytes()).hexdigest()[:8]
    card.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    arguments = parser.parse_args()
    show_hidden(arguments.model)
    stamp(arguments.model, arguments.model.with_suffix(".json"))


if __name__ == "__main__":
    main()
