"""How does a model use tools over an OpenAI-compatible endpoint, and where does that end?

Imported like `bot.llm.endpoint`: in a thread, and only where an agent is configured.
"""

from collections.abc import Sequence
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.errors import GraphRecursionError
from openai import APIConnectionError, APIStatusError

from bot.config import Llm
from bot.errors import ModelUnavailable
from bot.llm.agent_tools import AgentTool
from bot.llm.caller import Said
from bot.llm.endpoint import CAME_TO_AN_END, Endpoint, refusal


class AgentEndpoint(Endpoint):
    """A chat model that may use tools."""

    def __init__(self, llm: Llm) -> None:
        super().__init__(llm.model_copy(update={"response_format": "text"}))

    async def run(
        self, instructions: str, request: str, tools: Sequence[AgentTool], steps: int
    ) -> Said:
        """What the model says in the end.

        Args:
            steps: how often the model may be asked.

        Raises:
            ModelUnavailable: it came to no end, or nothing readable came.
        """
        agent = create_agent(
            self.chat, [_structured(tool) for tool in tools], system_prompt=instructions
        )
        try:
            state = await agent.ainvoke(
                {"messages": [HumanMessage(request)]}, {"recursion_limit": 2 * steps - 1}
            )
        except GraphRecursionError as error:
            raise ModelUnavailable("too many steps") from error
        except APIConnectionError as error:
            raise ModelUnavailable(type(error).__name__) from error
        except APIStatusError as error:
            raise refusal(error) from error
        except Exception as error:  # what a foreign server sends breaks its reader in many ways
            raise ModelUnavailable(f"unreadable: {type(error).__name__}") from error
        return _said(state["messages"])


def _said(messages: Sequence[Any]) -> Said:
    answers = [message for message in messages if isinstance(message, AIMessage)]
    last = answers[-1]
    return Said(
        text=str(last.text),
        whole=last.response_metadata.get("finish_reason") in CAME_TO_AN_END,
        tokens=sum(one.usage_metadata["total_tokens"] for one in answers if one.usage_metadata),
    )


def _structured(tool: AgentTool) -> BaseTool:
    async def call(**arguments: Any) -> str:
        return await tool.call(arguments)

    return StructuredTool(
        name=tool.name, description=tool.description, args_schema=tool.schema, coroutine=call
    )
